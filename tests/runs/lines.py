"""What stands in the metrics of a run, as plain JSON."""

import json
from typing import Any

from eigenview.runs import Run
from eigenview.runs.metrics import read_metrics


def lines_of(run: Run) -> list[dict[str, Any]]:
    """All lines, each of which holds a record."""
    lines = read_metrics(run.metrics_file)
    assert not [line.problem for line in lines if line.problem]
    return [json.loads(line.text) for line in lines]
