import json
import math

import pytest

from eigenview._errors import UsageError
from eigenview.runs import MetricsWriter, read_metrics


def test_lines_are_read_back_in_order(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with MetricsWriter(file) as writer:
        written = [writer.write("step", step=step, loss=0.5 * step) for step in (1, 2)]
        assert read_metrics(file) == written == [{"kind": "step", "step": s, "loss": 0.5 * s} for s in (1, 2)]


def test_what_is_not_finite_is_null(tmp_path):
    with MetricsWriter(tmp_path / "metrics.jsonl") as writer:
        line = writer.write("step", step=1, loss=math.nan, terms={"a": math.inf, "b": [1.0, -math.inf]})
    assert line == {"kind": "step", "step": 1, "loss": None, "terms": {"a": None, "b": [1.0, None]}}
    assert "NaN" not in (tmp_path / "metrics.jsonl").read_text()


def test_a_torn_last_line_is_passed_over_and_then_removed(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text('{"kind": "step", "step": 1}\n{"kind": "step", "st')
    assert read_metrics(file) == [{"kind": "step", "step": 1}]
    with MetricsWriter(file, keep_to=9) as writer:
        writer.write("step", step=2)
    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == [1, 2]


def test_a_damaged_line_before_the_last_is_told(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text('{"kind": "st\n{"kind": "step", "step": 1}\n')
    with pytest.raises(UsageError, match="damaged"):
        read_metrics(file)


def written_run(file):
    with MetricsWriter(file) as writer:
        writer.write("start", steps=30)
        for step in (10, 20, 30):
            writer.write("step", step=step)
        writer.write("alarm", step=20, name="not finite")
        writer.write("probe", step=30, probe="kNN")
        writer.write("end", step=30)


def test_going_on_from_a_checkpoint_forgets_what_comes_again(tmp_path):
    file = tmp_path / "metrics.jsonl"
    written_run(file)
    with MetricsWriter(file, keep_to=20):
        pass
    assert [(line["kind"], line.get("step")) for line in read_metrics(file)] == [
        ("start", None),
        ("step", 10),
        ("step", 20),
    ]


def test_an_alarm_after_which_training_went_on_is_kept(tmp_path):
    file = tmp_path / "metrics.jsonl"
    written_run(file)
    with MetricsWriter(file, keep_to=30):
        pass
    assert [line["step"] for line in read_metrics(file) if line["kind"] == "alarm"] == [20]


def test_starting_anew_forgets_all(tmp_path):
    file = tmp_path / "metrics.jsonl"
    written_run(file)
    with MetricsWriter(file):
        pass
    assert read_metrics(file) == []


def test_no_file_is_no_lines(tmp_path):
    assert read_metrics(tmp_path / "none.jsonl") == []
