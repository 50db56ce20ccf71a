"""Claims as a file to be kept."""

from matplotlib.figure import Figure

from eigenview.papers import EXPERIMENTS, Outcome, write_results
from eigenview.papers.claims import claim
from eigenview.papers.writer import write_record


def outcome(points: int = 2) -> Outcome:
    figure = Figure()
    figure.subplots().plot(range(points))
    claims = (
        claim("one", "It is a | b.", "1", True),
        claim("two", "It\nis.", "2", False),
        claim("3", "It.", "3", None),
    )
    return Outcome(figure, "A line.", {"x": [1.0]}, claims, seeds=(0, 1))


def test_it_has_a_section_for_each_with_its_figure(tmp_path):
    out, file = tmp_path / "out", tmp_path / "papers" / "RESULTS.md"
    first, last = EXPERIMENTS[0], EXPERIMENTS[-1]
    for each in (first, last):
        write_record(out, each, "smoke", outcome(), 90.0)
    write_results(out, file)
    text = file.read_text()
    assert f"2 of {len(EXPERIMENTS)} experiments, 6 claims: 2 hold, 2 fail, 2 are not tested at this scale." in text
    assert "in 3 minutes" in text
    assert text.index(f"`{first.path}`") < text.index(f"`{last.path}`")
    assert "| It is a \\| b. | 1 | holds |" in text
    assert "| It is. | 2 | **fails** |" in text
    assert "2 seeds, 90 s" in text
    for each in (first, last):
        assert (file.parent / "figures" / f"{each.paper}-{each.name}.svg").exists()


def test_of_a_large_figure_it_takes_the_pixels(tmp_path):
    out, file, each = tmp_path / "out", tmp_path / "RESULTS.md", EXPERIMENTS[0]
    write_record(out, each, "smoke", outcome(), 1.0)
    write_results(out, file)
    (out / each.path / "figure.svg").write_text("x" * 200_001)
    write_results(out, file)
    assert [path.suffix for path in (tmp_path / "figures").iterdir()] == [".png"]


def test_of_nothing_it_says_so(tmp_path):
    write_results(tmp_path, tmp_path / "RESULTS.md")
    assert f"0 of {len(EXPERIMENTS)} experiments" in (tmp_path / "RESULTS.md").read_text()
