"""What the recipe `captions` reaches with CLIP and with MMCR: retrieval and zero-shot accuracy, from runs' metrics.

eigenview train products-train.parquet --test products-test.parquet --data.label articleType --text.prompt "{}" \
    --out runs/clip
eigenview train …the same… --objective MMCR --out runs/mmcr
eigenview train satellite-train.parquet --test satellite-test.parquet --data.captions caption --out runs/satellite
python benchmarks/captions.py runs/clip runs/mmcr runs/satellite [--write]

Products are photographs with titles (3,000 and 600), satellite images are RSICD's with one of their captions (1,200 and
300).
"""

from datetime import UTC, datetime
from pathlib import Path

import published
from eigenview.report import retrieval_caption, retrieval_rows, zero_shot_words
from eigenview.runs import Run


def section(run: Run) -> str:
    """One run: what it was, how long it took, and what its towers found."""
    history = run.history
    start, end = history.start, history.end
    assert start is not None
    assert end is not None
    assert start.data is not None
    data, versions = start.data, start.versions
    when = datetime.fromtimestamp(start.time, UTC).date()
    rows = retrieval_rows(history)
    names = list(rows[0].found)
    table = [
        f"| {row.way} | " + " | ".join(f"{row.found[k]:.1%} ({row.chance[k]:.1%})" for k in names) + " |"
        for row in rows
    ]
    return "\n".join(
        [
            f"## {start.objective} on {Path(data.source).name}",
            "",
            f"{when}, {start.hardware}, torch {versions['torch']}, Python {versions['python']}, "
            f"{start.precision}. {data.train:,} training pairs; {start.steps:,} steps of P = {start.P}, "
            f"D = {start.D}, in {end.seconds:.0f} s.",
            "",
            "| from → to (chance level) | " + " | ".join(names) + " |",
            "|---" * (len(names) + 1) + "|",
            *table,
            "",
            *filter(None, (retrieval_caption(history), zero_shot_words(history))),
        ]
    )


if __name__ == "__main__":
    parser = published.parser(__doc__, __file__)
    parser.add_argument("runs", nargs="+", type=Path)
    options = parser.parse_args()
    sections = (section(Run.open(path)) for path in options.runs)
    text = "\n\n".join(["# Results of the recipe `captions`", *sections]) + "\n"
    published.publish(text, __file__, options.write)
