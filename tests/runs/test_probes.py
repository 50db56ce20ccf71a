"""The headline table, against numbers written out by hand."""

import pytest

from eigenview.runs import probe_table
from tests.report.conftest import history, probe_line, start_line


def test_pairs_pixels_with_features_fewest_labels_first():
    lines = [
        start_line(),
        probe_line("linear", "features", 0.98, spread=0.0),
        probe_line("1 label a class", "features", 0.82, spread=0.03),
        probe_line("linear", "pixels", 0.95, spread=0.0),
        probe_line("1 label a class", "pixels", 0.58, spread=0.05),
    ]
    first, second = probe_table(history(*lines))
    assert first == ("1 label a class", 0.58, 0.05, 0.82, 0.03, pytest.approx(24.0), True)
    assert second == ("linear", 0.95, 0.0, 0.98, 0.0, pytest.approx(3.0), True)


def test_newest_result_counts():
    lines = [probe_line("kNN", "pixels", 0.5), probe_line("kNN", "features", 0.4), probe_line("kNN", "features", 0.6)]
    assert probe_table(history(*lines))[0].gain == pytest.approx(10.0)


def test_half_a_pair_has_no_gain():
    (row,) = probe_table(history(probe_line("kNN", "features", 0.6)))
    assert row == ("kNN", None, None, 0.6, 0.02, None, False)


def test_unknown_probes_follow_the_known():
    lines = [probe_line("forest", "pixels", 0.5), probe_line("kNN", "pixels", 0.5)]
    assert [row.probe for row in probe_table(history(*lines))] == ["kNN", "forest"]


def test_nothing_probed():
    assert probe_table(history(start_line())) == []


@pytest.mark.parametrize(("features", "clear"), [(0.96, False), (0.99, True)])
def test_a_gain_of_a_few_images_is_not_clear(features, clear):
    """With 360 images, accuracies near .95 have a standard error of a point."""
    lines = [
        {"kind": "probe", "step": 1, "input": i, "probe": "kNN", "accuracy": a, "held_out": 360}
        for i, a in (("pixels", 0.95), ("features", features))
    ]
    assert probe_table(history(*lines))[0].clear is clear
