"""The figure of inspected inputs: one file type each, colours that stay, panels that do not overlap."""

import pytest
import torch

from eigenview.inspect import Inspected, plot
from eigenview.inspect.figure import _figure
from eigenview.plotting.style import style


@pytest.mark.parametrize(("which", "ending"), [("one", ".png"), ("rows", ".pdf"), ("both", ".svg")])
def test_a_figure_of_one_and_of_several(tmp_path, which, ending):
    clouds = {"features": torch.randn(2, 30, 8), "embeddings": torch.zeros(2, 30, 4)}
    one = Inspected("$a_b", "a", "run", 1, clouds, {}, {})
    rows = Inspected("rows", "b", "file", None, {"features": torch.randn(20, 50).bfloat16()}, {}, {})
    path = tmp_path / f"figure{ending}"
    plot({"one": [one], "rows": [rows], "both": [one, rows]}[which], path)
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")


def test_in_a_figure_of_several_an_input_has_one_colour_and_panels_do_not_overlap(tmp_path):
    x = torch.randn(2, 30, 8)
    long = "a-long-name-of-a-run-that-has-many-options" * 2
    found = [
        Inspected("without", "a", "run", 1, {"features": x}, {}, {}),
        *(Inspected(n, n, "run", 1, {"features": x, "embeddings": x[..., :4]}, {}, {}) for n in ("b", long)),
    ]
    with style():
        figure = _figure(found)
        figure.draw_without_rendering()
        left, right = figure.axes
        colours = [{line.get_label(): line.get_color() for line in axes.lines} for axes in (left, right)]
        assert all(colours[0][name] == colour for name, colour in colours[1].items())
        assert left.get_window_extent().x1 < right.get_window_extent().x0
        assert left.get_window_extent().width > 150
        one = _figure(found[1:2])
        one.draw_without_rendering()
        spectra, *below = one.axes
        boxes = [axes.get_tightbbox() for axes in below]
        above = spectra.get_tightbbox()
        assert above is not None
        assert all(box is not None and box.y1 < above.y0 for box in boxes)
