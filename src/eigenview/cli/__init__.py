"""The one place that reads the command line."""

from eigenview.cli.main import main as main
