"""The headline of a run on image–text pairs: whether they find each other, beside chance."""

from html import escape
from typing import NamedTuple

from eigenview.plotting.formatting import Number, number
from eigenview.runs.history import History

WAYS = {"image to text": "image → text", "text to image": "text → image"}


class RetrievalRow(NamedTuple):
    """Shares, 0 to 1, of those that found theirs: by embeddings and by chance, under the names `R@k`."""

    way: str
    found: dict[str, Number]
    chance: dict[str, Number]


def retrieval_rows(history: History) -> list[RetrievalRow]:
    """The newest retrieval each way of a run, with the R@k that both ways have."""
    newest = {record.direction: record for record in history.retrievals}
    ways = {words: newest[way] for way, words in WAYS.items() if way in newest}
    common = (
        [k for k in next(iter(newest.values())).recall if all(k in r.recall for r in ways.values())] if ways else []
    )
    return [
        RetrievalRow(words, {k: record.recall[k] for k in common}, {k: record.chance[k] for k in common})
        for words, record in ways.items()
        if common
    ]


def zero_shot_words(history: History) -> str | None:
    """The newest zero-shot classification in a sentence; None where there was none."""
    if not history.zero_shots:
        return None
    newest = history.zero_shots[-1]
    return (
        f"Zero-shot classification with the prompt '{newest.prompt}': {100 * newest.accuracy:.1f}% of images are "
        f"assigned the right one of {number(newest.classes)} classes; a random class is right for "
        f"{100 * newest.chance:.1f}%, the most frequent class for {100 * newest.majority:.1f}%."
    )


def retrieval_caption(history: History) -> str:
    """Among how many, and whether training saw them; empty where nothing was looked for."""
    if not history.retrievals:
        return ""
    newest = history.retrievals[-1]
    seen = "that training saw (name others with --test)" if newest.trained_on else "that training never saw"
    return (
        f"Retrieval among {_count(newest.images, 'image')} and {_count(newest.texts, 'text')} {seen}. R@k: share of "
        "queries with a match among the k nearest; any caption of an image is a match, and duplicates count once."
    )


def _count(things: Number, name: str) -> str:
    return f"{number(things)} {name}{'' if things == 1 else 's'}"


def card(history: History) -> str:
    """Retrieval and zero-shot classification as a part of the page; empty where there was none."""
    rows = retrieval_rows(history)
    if not rows:
        return ""
    ks = list(rows[0].found)
    heads = "".join(f'<th scope="col">{escape(k)}, %</th>' for k in ks)
    body = "\n".join(map(_row, rows))
    words = zero_shot_words(history)
    zero_shot = f'<p class="note">{escape(words)}</p>\n' if words else ""
    return f"""<section class="card" aria-labelledby="found">
<p class="headline" id="found">{escape(_verdict(rows))}</p>
<table>
<thead><tr><th scope="col">From → to</th>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
{zero_shot}<p class="note">{escape(retrieval_caption(history))} Chance level in small print.</p>
</section>"""


def _row(row: RetrievalRow) -> str:
    cells = "".join(
        f"<td>{100 * share:.1f} <small>{100 * row.chance[k]:.1f}</small></td>" for k, share in row.found.items()
    )
    return f'<tr><th scope="row">{escape(row.way)}</th>{cells}</tr>'


def _verdict(rows: list[RetrievalRow]) -> str:
    k = _telling(rows)
    worst = min(rows, key=lambda row: row.found[k] / row.chance[k])
    times = worst.found[k] / worst.chance[k]
    if times < 1.5:
        return f"Images and texts find each other barely more often than by chance ({worst.way}, {k})"
    return f"Images and texts find each other at least {number(times, 2)} times as often as by chance ({k})"


def _telling(rows: list[RetrievalRow]) -> str:
    """The most lenient R@k of which chance leaves room: among a dozen pairs nothing can find ten much more often."""
    ks = list(rows[0].found)
    return next((k for k in reversed(ks) if max(row.chance[k] for row in rows) <= 0.5), ks[0])
