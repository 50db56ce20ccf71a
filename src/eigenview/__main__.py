"""`python -m eigenview`, the same as `eigenview`; torchrun needs it."""

import sys

from eigenview.cli import main

sys.exit(main())
