"""What the shipped recipes reach: pixels against features on held-out images, from the runs' own metrics.

eigenview train --out runs/digits
eigenview train cifar10-train.parquet --test cifar10-test.parquet --out runs/cifar10
python benchmarks/recipes.py runs/digits runs/cifar10 [--write]
"""

from datetime import UTC, datetime
from pathlib import Path

import published
from eigenview.runs import Run, probe_table


def section(run: Run) -> str:
    """One run: what it was, how long it took, and its probes."""
    history = run.history
    start, end = history.start, history.end
    assert start is not None
    assert end is not None
    assert start.data is not None
    data, versions = start.data, start.versions
    when = datetime.fromtimestamp(start.time, UTC).date()
    rows = [
        f"| {row.probe} | {_percent(row.pixels, row.pixels_spread)} | {_percent(row.features, row.features_spread)} "
        f"| {row.gain:+.1f} |"
        for row in probe_table(history)
    ]
    return "\n".join(
        [
            f"## {Path(data.source).name}",
            "",
            f"{when}, {start.hardware}, torch {versions['torch']}, Python {versions['python']}, "
            f"{start.precision}. "
            f"{data.train:,} training and {data.test or 0:,} test images; {start.steps:,} steps of "
            f"P = {start.P}, K = {start.K}, in {end.seconds:.0f} s.",
            "",
            "| probe | raw pixels | features | gain (points) |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def _percent(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return ""
    return f"{mean:.1%}" if spread is None else f"{mean:.1%} ± {spread:.1%}"


if __name__ == "__main__":
    parser = published.parser(__doc__, __file__)
    parser.add_argument("runs", nargs="+", type=Path)
    options = parser.parse_args()
    text = (
        "\n\n".join(["# Results of the built-in recipes", *(section(Run.open(path)) for path in options.runs)]) + "\n"
    )
    published.publish(text, __file__, options.write)
