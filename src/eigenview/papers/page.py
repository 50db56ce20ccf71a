"""All reproduced claims as one page, which reads like a paper's section on results."""

from html import escape
from pathlib import Path

from eigenview._files import write_text
from eigenview.papers.claims import Claim
from eigenview.papers.records import ExperimentRecord, read_records

TITLES = {
    "mmcr": "Maximum manifold capacity representations",
    "geometry": "Toward a geometrical understanding of contrastive learning",
    "landscape": "On rotational symmetry in the loss landscape of self-supervised learning",
    "dynamics": "Representation learning dynamics of self-supervised models",
    "information": "What do we maximize in self-supervised learning",
}
"""Titles of the papers by their short names."""
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
    for record in read_records(out):
        if record.paper != paper:
            paper = record.paper
            sections.append(f"<h2>{escape(TITLES.get(paper, paper))}</h2>")
        sections.append(_section(record))
    page = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Reproduced claims</title>\n'
        f"<style>{_STYLE}</style>\n<h1>Reproduced claims</h1>\n"
        f"{''.join(sections) or '<p>No experiment has run yet.</p>'}\n</html>\n"
    )
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "index.html", page)
    return out / "index.html"


def _section(record: ExperimentRecord) -> str:
    shows, figure = escape(record.shows), escape(f"{record.path}/figure.svg")
    rows = "".join(map(_row, record.claims))
    seeds = f"{len(record.seeds)} seed{'s' if len(record.seeds) > 1 else ''}"
    return (
        f"<h3>{escape(record.path)}</h3><p>{shows}.</p>"
        f'<figure><img src="{figure}" alt="{shows}"><figcaption>{escape(record.caption)}</figcaption>'
        f"</figure><table><tr><th>claim</th><th>measured</th><th>verdict</th></tr>{rows}</table>"
        f"<p><small>Scale {record.scale}, {seeds}, {record.seconds:g} s, {record.date}; {escape(record.versions)}; "
        f'{escape(record.machine)}. <a href="{escape(record.path)}/table.csv">Numbers</a></small></p>'
    )


def _row(claim: Claim) -> str:
    kind = claim.verdict if claim.verdict in ("holds", "fails") else "untested"
    cells = f"<td>{escape(claim.statement)}</td><td>{escape(claim.measured)}</td>"
    return f'<tr>{cells}<td class="{kind}">{claim.verdict}</td></tr>'
