"""A run as one page that opens from disk: everything in one file, nothing loaded from elsewhere."""

from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from eigenview._files import write_text
from eigenview.report import page_header as opening
from eigenview.report import panels
from eigenview.report import retrieval_card as pairs
from eigenview.runs.history import History
from eigenview.runs.probes import probe_table

MOST_SKIPPED = 200  # names of undecodable files on the page


def write_page(run: Path) -> Path:
    """Writes `report.html` into a run's directory, from what is there: a run that was killed early has a page too.

    Args:
        run: directory with `recipe.yaml` and `metrics.jsonl`, and `pictures/` and `skipped.txt` where there are any.

    Returns:
        The page's path. The same run gives the same bytes.
    """
    history = History.read(run / "metrics.jsonl")
    template = Template(files("eigenview.report").joinpath("page.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=escape(opening.title(history, run)),
        header=opening.header(history, run),
        alarms=opening.alarms(history),
        headline=_headline(history),
        facts=opening.facts(history),
        figures=panels.curves(history),
        pictures="" if history.monitored else panels.pictures(run),
        recipe="" if history.monitored else _recipe(run / "recipe.yaml"),
        provenance=opening.provenance(history),
        skipped=_skipped_lines(history) + _skipped(run / "skipped.txt"),
    )
    path = run / "report.html"
    write_text(path, page)
    return path


def _headline(history: History) -> str:
    """What it was worth: of image–text pairs first whether they find each other, and no word of labels they lack."""
    found, rows = pairs.card(history), probe_table(history)
    return "\n".join(part for part in (found, opening.headline(history, rows) if rows or not found else "") if part)


def _recipe(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else "recipe.yaml is missing."
    return f'<section class="card"><h3>Recipe</h3><pre>{escape(text)}</pre></section>'


def _skipped_lines(history: History) -> str:
    """What of the metrics could not be read, and so is on no figure."""
    if not history.skipped:
        return ""
    shown = "\n".join(history.skipped[:MOST_SKIPPED])
    summary = escape(history.skipped_summary)
    return f'<details class="card"><summary>{summary}</summary><pre>{escape(shown)}</pre></details>'


def _skipped(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    if not lines:
        return ""
    shown = "\n".join(lines[:MOST_SKIPPED])
    more = f"\n… and {len(lines) - MOST_SKIPPED:,} more in skipped.txt" if len(lines) > MOST_SKIPPED else ""
    silent = any("\tit has no caption" in line for line in lines)
    if len(lines) == 1:
        summary = f"1 file was skipped because it {'has no caption' if silent else 'did not decode'}"
    else:
        why = "they did not decode or have no caption" if silent else "they did not decode"
        summary = f"{len(lines):,} files were skipped because {why}"
    return f'<details class="card"><summary>{summary}</summary><pre>{escape(shown + more)}</pre></details>'
