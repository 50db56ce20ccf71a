"""The figures of a report: a title, a drawing, and one sentence that says what to look for."""

import base64
import io
from collections.abc import Mapping
from html import escape
from math import isfinite
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from eigenview.measures import CATALOGUE
from eigenview.plotting.figures import inline_svg
from eigenview.plotting.formatting import number
from eigenview.report import figures
from eigenview.runs.history import History

MOST_BYTES = 400_000  # of a picture; a larger one goes onto the page as JPEG

LOOK_FOR = {
    "Loss": "A healthy loss leaves its collapsed level early and approaches that of uniform embeddings; "
    "one that stays at the collapsed line has learned nothing.",
    "Loss on its scale": "0 is complete collapse and 1 the theoretical bound: compare runs of different objectives and "
    "batch sizes on this scale, not by their raw losses.",
    "Terms of the loss": "The terms sum to the loss: one that falls while another rises shows a trade-off.",
    "Effective rank": "Number of dimensions that the views of one batch fill (RankMe): a fall towards 1 is collapse, "
    "and the gap between the curves is what the projector discards.",
    "Spectrum of features": "Darker lines are later: a flat line uses all directions equally, and a cliff marks where "
    "directions have collapsed.",
    "Spectrum of embeddings": "The spectrum after the projector, where the objective acts: a cliff that the spectrum "
    "of features lacks is the projector's.",
    "Learning rate": "Warm-up, then decay: if the loss jumps near the peak, use a lower learning rate.",
    "Gradient norm": "Spikes precede divergence, and a fall to zero precedes a standstill.",
    "Throughput": "A healthy throughput is flat: a dip means that the machine waited for data or was shared.",
    "Views": "Each row is one image: you should still recognise it in every view, since the encoder learns to ignore "
    "whatever its views do not share.",
    "Nearest neighbours": "Each row is an image and those whose features are nearest: they should show the same kind "
    "of thing, not only the same colour or position.",
}
"""What to look for in each figure, in one sentence."""

WHY_MISSING = {
    "Loss": "No finite loss was recorded.",
    "Loss on its scale": "No finite value was recorded: the scale needs a finite loss and an objective that states its "
    "values at collapse and at best.",
    "Terms of the loss": "The loss has a single term.",
    "Effective rank": "No finite effective rank was recorded.",
    "Spectrum of features": "No finite spectrum of features was recorded.",
    "Spectrum of embeddings": "No finite spectrum of embeddings was recorded.",
    "Learning rate": "No learning rate was recorded.",
    "Gradient norm": "No finite gradient norm was recorded.",
    "Throughput": "No throughput was recorded.",
    "Views": "The run directory has no picture of views.",
    "Nearest neighbours": "The run directory has no picture of nearest neighbours; it is drawn when training ends.",
}
"""Why each figure may be missing, in one sentence."""

SPREAD = "Root mean square distance of rows from their mean: a fall towards 0 is collapse."


def curves(history: History) -> str:
    """Figures of everything that was recorded over the steps."""
    if not history.steps:
        words = "No measurement was recorded: the run ended before its first one, or has just begun."
        return f'<h2>During training</h2>\n<p class="missing">{words}</p>'
    if history.monitored:
        return f'<h2>During training</h2>\n<div class="figures narrow">\n{_monitored(history)}\n</div>'
    wide = {"Loss": figures.loss(history), "Loss on its scale": figures.scale(history)}
    narrow = {
        "Terms of the loss": figures.terms(history),
        "Effective rank": figures.effective_rank(history),
        "Spectrum of features": figures.spectra(history, "features"),
        "Spectrum of embeddings": figures.spectra(history, "embeddings"),
        "Learning rate": figures.simple_curve(history, "lr", "learning rate"),
        "Gradient norm": figures.simple_curve(history, "gradient_norm", "norm of the gradient", log=True),
        "Throughput": figures.simple_curve(history, "images_per_s", "images / s"),
    }
    return f"""<h2>During training</h2>
<div class="figures">
{_plots(wide, history)}
</div>
<div class="figures narrow">
{_plots(narrow, history)}
</div>"""


def _monitored(history: History) -> str:
    """Figures of a monitored model: no loss, but any measure."""
    known = {
        "Effective rank": figures.effective_rank(history),
        "Spectrum of features": figures.spectra(history, "features"),
        "Spectrum of embeddings": figures.spectra(history, "embeddings"),
    }
    meanings = {spec.name: f"{spec.meaning[0].upper()}{spec.meaning[1:]}." for spec in CATALOGUE} | {"spread": SPREAD}
    drawn = [_plots({title: figure for title, figure in known.items() if figure is not None}, history)]
    for name in history.measures:
        figure, title = figures.measure(history, name), name.replace("_", " ").capitalize()
        if figure is not None:
            svg = inline_svg(figure, name, f"{title} over the training steps")
            drawn.append(_figure(title, svg, look_for=meanings.get(name, "")))
    return "\n".join(drawn)


def pictures(run: Path) -> str:
    """The views that the encoder was trained on, and nearest neighbours by its features."""
    views = _picture("Views", run / "pictures" / "views.png")
    neighbours = _picture("Nearest neighbours", run / "pictures" / "neighbours.png")
    return f'<h2>Views and nearest neighbours</h2>\n<div class="pictures">\n{views}\n{neighbours}\n</div>'


def _plots(plots: Mapping[str, Figure | None], history: History) -> str:
    return "\n".join(
        _figure(title, figure and inline_svg(figure, title.lower().replace(" ", "-"), _in_words(title, history)))
        for title, figure in plots.items()
    )


def _in_words(title: str, history: History) -> str:
    """Alternative text of a curve: where it starts and where it ends."""
    paths = {
        "Loss": [("loss",)],
        "Loss on its scale": [("scale",)],
        "Effective rank": [("effective_rank", "features"), ("effective_rank", "embeddings")],
        "Learning rate": [("lr",)],
        "Gradient norm": [("gradient_norm",)],
        "Throughput": [("images_per_s",)],
    }
    words = []
    for path in paths.get(title, []):
        points = [(step, value) for step, value in zip(*history.curve(*path), strict=True) if isfinite(value)]
        if points:
            (first, low), (last, high) = points[0], points[-1]
            words.append(f"{path[-1]} {number(low)} at step {number(first)}, {number(high)} at step {number(last)}")
    return "; ".join([f"{title} over the training steps", *words])


def _picture(title: str, path: Path) -> str:
    if not path.exists():
        return _figure(title, None)
    with Image.open(path) as image:
        shape = image.width / image.height
    # With widths in proportion to their shapes, the two pictures of a row have the same height.
    image = f'<img src="{_data_uri(path)}" alt="{title}: a grid of images, one row for each">'
    return _figure(title, image, f' style="flex: {shape:.3f} 1 {16 * shape:.1f}rem"')


def _figure(title: str, drawing: str | None, attributes: str = "", look_for: str | None = None) -> str:
    if drawing is None:
        body = f'<p class="missing">{escape(WHY_MISSING[title])}</p>'
    else:
        words = LOOK_FOR[title] if look_for is None else look_for
        body = f'<div class="plot">{drawing}</div><figcaption>{escape(words)}</figcaption>'
    return f"<figure{attributes}><h3>{escape(title)}</h3>{body}</figure>"


def _data_uri(path: Path) -> str:
    kind, content = "png", path.read_bytes()
    if len(content) > MOST_BYTES:
        kind, file = "jpeg", io.BytesIO()
        with Image.open(path) as image:
            image.convert("RGB").save(file, "JPEG", quality=85)
        content = file.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
