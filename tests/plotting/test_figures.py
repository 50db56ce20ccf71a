"""Where a figure may go, and what is written there."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from eigenview._errors import UsageError
from eigenview.plotting import check_figure_path, save_figure


def test_where_a_figure_cannot_be(tmp_path):
    with pytest.raises(UsageError, match=r"the extension must be one of \.png"):
        check_figure_path(Path("a.gif"))
    with pytest.raises(UsageError, match="the directory nowhere does not exist"):
        check_figure_path(Path("nowhere/a.png"))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UsageError, match=r"is a directory; name a file in it, such as .*folder.png/figure.png"):
        check_figure_path(tmp_path / "folder.png")


@pytest.mark.parametrize("ending", [".png", ".pdf", ".svg"])
def test_a_figure_is_written_as_its_ending_says(tmp_path, ending):
    path = tmp_path / f"figure{ending}"
    check_figure_path(path)
    save_figure(Figure(), path)
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
