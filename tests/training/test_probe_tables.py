"""What a person is shown while and after a run trains."""

from eigenview.report import RetrievalRow
from eigenview.runs import ProbeRow
from eigenview.training.progress import show_probes, show_retrieval
from tests.widths import assert_same_at_every_width, printed


def test_probes_are_shown_whole_at_every_width():
    rows = [
        ProbeRow("1 label a class", 0.58, 0.02, 0.82, 0.031, 24.0, True),
        ProbeRow("kNN", 0.97, None, None, None, None, False),
    ]
    assert_same_at_every_width(lambda console: show_probes(console, rows))
    assert "82.0% ± 3.1%" in " ".join(printed(lambda console: show_probes(console, rows), 40).split())


def test_retrieval_is_shown_whole_at_every_width():
    found: dict[str, float] = {"R@1": 0.2, "R@5": 0.4, "R@10": 0.5}
    chance: dict[str, float] = {"R@1": 0.01, "R@5": 0.05, "R@10": 0.1}
    rows = [RetrievalRow(way, found, chance) for way in ("image → text", "text → image")]
    assert_same_at_every_width(lambda console: show_retrieval(console, rows, []))
