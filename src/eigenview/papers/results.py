"""All reproduced claims as a Markdown file with its figures beside it, to be kept in a repository."""

import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from eigenview._files import write_text
from eigenview.papers.catalogue import EXPERIMENTS
from eigenview.papers.claims import Verdict
from eigenview.papers.page import TITLES
from eigenview.papers.records import ExperimentRecord, read_records

LARGEST_FIGURE = 200_000
"""Bytes; of a larger SVG the PNG is copied instead."""
_MARKS: dict[Verdict, str] = {"holds": "holds", "fails": "**fails**", "not tested at this scale": "not tested"}


def write_results(out: Path, file: Path) -> None:
    """Writes a table of claims for each paper, and copies the figures to `figures/` beside the file.

    Args:
        out: the directory that `reproduce` wrote to.
        file: the Markdown file to write.
    """
    figures = file.parent / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    records = read_records(out)
    parts = [_head(records)]
    for paper, members in groupby(records, lambda record: record.paper):
        sections = [_section(record, _copy(out, record, figures)) for record in members]
        parts.append(f"## {TITLES.get(paper, paper)} (`{paper}`)\n\n" + "\n".join(sections))
    write_text(file, "\n".join(parts))


def _head(records: Sequence[ExperimentRecord]) -> str:
    counts = Counter(claim.verdict for record in records for claim in record.claims)
    scales = sorted({record.scale for record in records})
    dates = sorted({record.date for record in records})
    made = sorted({f"{record.versions}; {record.machine}" for record in records})
    minutes = sum(record.seconds for record in records) / 60
    of_papers = len({record.path for record in records} & {each.path for each in EXPERIMENTS})
    others = f" and {len(records) - of_papers} others" if len(records) > of_papers else ""
    return (
        "# Reproduced claims\n\n"
        f"{of_papers} of {len(EXPERIMENTS)} experiments{others}, {counts.total()} claims: {counts['holds']} hold, "
        f"{counts['fails']} fail, {counts['not tested at this scale']} are not tested at this scale.\n\n"
        f"Made by `eigenview reproduce all --scale {' or '.join(scales)} --results papers/RESULTS.md` "
        f"in {minutes:.0f} minutes, on {' to '.join(dict.fromkeys((dates[0], dates[-1]))) if dates else 'no day'}: "
        f"{' and '.join(made)}. Each verdict follows from the numbers beside it, whatever the paper says.\n"
    )


def _section(record: ExperimentRecord, figure: str) -> str:
    seeds = f"seed {record.seeds[0]}" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds"
    rows = "\n".join(
        f"| {_cell(claim.statement)} | {_cell(claim.measured)} | {_MARKS[claim.verdict]} |" for claim in record.claims
    )
    return (
        f"### `{record.path}`\n\n{record.shows}.\n\n"
        f"[![{record.shows}](figures/{figure})](figures/{figure})\n\n"
        f"{record.caption} ({record.scale}, {seeds}, {record.seconds:,.0f} s, {record.date}.)\n\n"
        f"| claim | measured | verdict |\n|---|---|---|\n{rows}\n"
    )


def _copy(out: Path, record: ExperimentRecord, figures: Path) -> str:
    """The name of the figure's copy: the SVG, or the PNG if the SVG is too large."""
    svg = out / record.path / "figure.svg"
    source = svg if svg.stat().st_size <= LARGEST_FIGURE else svg.with_suffix(".png")
    name = record.path.replace("/", "-")
    for old in (figures / f"{name}{suffix}" for suffix in (".svg", ".png")):
        old.unlink(missing_ok=True)
    shutil.copyfile(source, figures / f"{name}{source.suffix}")
    return f"{name}{source.suffix}"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")
