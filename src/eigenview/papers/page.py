"""All that was reproduced, as one page that reads like a paper's section on results."""

import os
from html import escape
from pathlib import Path

from eigenview.papers.catalogue import EXPERIMENTS, Experiment
from eigenview.papers.outcome import Claim
from eigenview.papers.records import Record, record_of

TITLES = {
    "mmcr": "Maximum manifold capacity representations",
    "geometry": "Toward a geometrical understanding of contrastive learning",
    "landscape": "On rotational symmetry in the loss landscape of self-supervised learning",
    "dynamics": "Representation learning dynamics of self-supervised models",
    "information": "What do we maximize in self-supervised learning",
}
"""Of the papers, by their short names."""
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #33373d; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
figure { margin: 1rem 0; } img { max-width: 100%; } figcaption { color: #5b616b; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-top: 1px solid #e4e6ea; }
.holds { color: #00634a; } .fails { color: #a84300; font-weight: 600; } small { color: #5b616b; }
"""


def write_page(out: Path) -> Path:
    """Writes `index.html` of all experiments that have a record, and returns its path.

    Figures are links to the SVG files beside it.
    """
    sections, paper = [], ""
    for experiment in EXPERIMENTS:
        record = record_of(out, experiment)
        if record is None:
            continue
        if experiment.paper != paper:
            paper = experiment.paper
            sections.append(f"<h2>{escape(TITLES[paper])}</h2>")
        sections.append(_section(experiment, record))
    page = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Reproduced claims</title>\n'
        f"<style>{_STYLE}</style>\n<h1>Reproduced claims</h1>\n"
        f"{''.join(sections) or '<p>Nothing has run yet.</p>'}\n</html>\n"
    )
    path, beside = out / "index.html", out / ".index.html.tmp"
    out.mkdir(parents=True, exist_ok=True)
    beside.write_text(page, encoding="utf-8")
    os.replace(beside, path)
    return path


def _section(experiment: Experiment, record: Record) -> str:
    shows, figure = escape(experiment.shows), f"{experiment.path}/figure.svg"
    rows = "".join(map(_row, record.claims))
    seeds = f"{len(record.seeds)} seed{'s' if len(record.seeds) > 1 else ''}"
    return (
        f"<h3>{escape(experiment.path)}</h3><p>{shows}.</p>"
        f'<figure><img src="{figure}" alt="{shows}"><figcaption>{escape(record.caption)}</figcaption>'
        f"</figure><table><tr><th>claim</th><th>measured</th><th>verdict</th></tr>{rows}</table>"
        f"<p><small>Scale {record.scale}, {seeds}, {record.seconds:g} s, {record.date}; {escape(record.versions)}; "
        f'{escape(record.machine)}. <a href="{experiment.path}/table.csv">Numbers</a></small></p>'
    )


def _row(claim: Claim) -> str:
    kind = claim.verdict if claim.verdict in ("holds", "fails") else "untested"
    cells = f"<td>{escape(claim.says)}</td><td>{escape(claim.measured)}</td>"
    return f'<tr>{cells}<td class="{kind}">{claim.verdict}</td></tr>'
