"""All that was reproduced, as a Markdown file with its figures beside it, to be kept with a repository."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from eigenview.papers.catalogue import EXPERIMENTS, Experiment
from eigenview.papers.outcome import Verdict
from eigenview.papers.page import TITLES
from eigenview.papers.records import Record, record_of

LARGEST_FIGURE = 200_000
"""Bytes of an SVG beyond which the PNG is taken."""
_MARKS: dict[Verdict, str] = {"holds": "holds", "fails": "**fails**", "not tested at this scale": "not tested"}


def write_results(out: Path, file: Path) -> None:
    """Writes a table of claims for each paper, and copies figures to `figures/` beside the file.

    Args:
        out: what `reproduce` wrote to.
        file: to write.
    """
    found = [(each, record) for each in EXPERIMENTS if (record := record_of(out, each)) is not None]
    figures = file.parent / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    parts = [_head([record for _, record in found])]
    for paper, members in groupby(found, lambda pair: pair[0].paper):
        rows = [_section(experiment, record, _copy(out, experiment, figures)) for experiment, record in members]
        parts.append(f"## {TITLES[paper]} (`{paper}`)\n\n" + "\n".join(rows))
    beside = file.with_name(f".{file.name}.tmp")
    beside.write_text("\n".join(parts), encoding="utf-8")
    os.replace(beside, file)


def _head(records: Sequence[Record]) -> str:
    counts = Counter(claim.verdict for record in records for claim in record.claims)
    scales = sorted({record.scale for record in records})
    dates = sorted({record.date for record in records})
    made = sorted({f"{record.versions}; {record.machine}" for record in records})
    minutes = sum(record.seconds for record in records) / 60
    return (
        "# Reproduced claims\n\n"
        f"{len(records)} of {len(EXPERIMENTS)} experiments, {sum(counts.values())} claims: {counts['holds']} hold, "
        f"{counts['fails']} fail, {counts['not tested at this scale']} are not tested at this scale.\n\n"
        f"Made by `eigenview reproduce all --scale {' or '.join(scales)} --results papers/RESULTS.md` "
        f"in {minutes:.0f} minutes, on {' to '.join(dict.fromkeys((dates[0], dates[-1]))) if dates else 'no day'}: "
        f"{' and '.join(made)}. A verdict is that of the numbers beside it, whatever the paper says.\n"
    )


def _section(experiment: Experiment, record: Record, figure: str) -> str:
    seeds = f"seed {record.seeds[0]}" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds"
    rows = "\n".join(
        f"| {_cell(claim.says)} | {_cell(claim.measured)} | {_MARKS[claim.verdict]} |" for claim in record.claims
    )
    return (
        f"### `{experiment.path}`\n\n{experiment.shows}.\n\n"
        f"[![{experiment.shows}](figures/{figure})](figures/{figure})\n\n"
        f"{record.caption} ({record.scale}, {seeds}, {record.seconds:,.0f} s, {record.date}.)\n\n"
        f"| claim | measured | verdict |\n|---|---|---|\n{rows}\n"
    )


def _copy(out: Path, experiment: Experiment, figures: Path) -> str:
    """The name of the figure's copy: the SVG, or the PNG if that is too large."""
    svg = out / experiment.path / "figure.svg"
    source = svg if svg.stat().st_size <= LARGEST_FIGURE else svg.with_suffix(".png")
    name = f"{experiment.paper}-{experiment.name}"
    for old in figures.glob(f"{name}.*"):
        old.unlink()
    shutil.copyfile(source, figures / f"{name}{source.suffix}")
    return f"{name}{source.suffix}"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")
