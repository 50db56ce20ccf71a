import json
import math
from pathlib import Path

import pytest

from eigenview._errors import UsageError
from eigenview.runs import AlarmRecord, EndRecord, History, MetricsWriter, ProbeRecord, StartRecord, StepRecord
from eigenview.runs.metrics import read_metrics

START = StartRecord(time=1.75e9, versions={"torch": "2.13"}, device="cpu", steps=30)


def records(file: Path) -> list:
    return [line.record for line in read_metrics(file)]


def test_records_are_read_back_in_order(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with MetricsWriter(file) as writer:
        written = [writer.write(StepRecord(step, loss=0.5 * step)) for step in (1, 2)]
        assert records(file) == written == [StepRecord(1, loss=0.5), StepRecord(2, loss=1.0)]


def test_what_is_not_finite_is_null_on_disk_and_none_in_records(tmp_path):
    with MetricsWriter(tmp_path / "metrics.jsonl") as writer:
        spectrum: dict[str, list[float | None]] = {"features": [1.0, -math.inf]}
        record = writer.write(StepRecord(1, loss=math.nan, terms={"a": math.inf, "b": 1.0}, spectrum=spectrum))
    assert (record.loss, record.terms, record.spectrum) == (None, {"a": None, "b": 1.0}, {"features": [1.0, None]})
    line = (tmp_path / "metrics.jsonl").read_text()
    assert json.loads(line)["loss"] is None
    assert "NaN" not in line


def test_a_torn_last_line_is_passed_over_and_then_removed(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text('{"kind": "step", "step": 1}\n{"kind": "step", "st')
    assert records(file) == [StepRecord(1)]
    assert History.read(file).skipped == []
    with MetricsWriter(file, keep_to=9) as writer:
        writer.write(StepRecord(2))
    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == [1, 2]


def test_a_damaged_line_is_skipped_and_counted_and_survives_resuming(tmp_path):
    file = tmp_path / "metrics.jsonl"
    foreign = '{"kind": "validation", "step": 7}'
    file.write_text(f'{{"kind": "st\n{{"kind": "step", "step": 1}}\n{foreign}\n')
    with MetricsWriter(file, keep_to=20) as writer:
        writer.write(StepRecord(21))
    history = History.read(file)
    assert [record.step for record in history.steps] == [1, 21]
    assert history.skipped == ["line 1: not valid JSON", "line 3: unknown kind 'validation'"]
    assert history.skipped_summary.startswith("Skipped 2 lines of metrics.jsonl that could not be read (line 1: ")
    assert foreign in file.read_text()


def test_a_file_of_a_newer_version_is_refused_and_not_touched(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text('{"kind": "step", "step": 1}\n{"kind": "start", "version": 2, "anything": []}\n')
    for use in (read_metrics, History.read, MetricsWriter):
        with pytest.raises(UsageError, match="line 2: format version 2 is newer than 1, which this eigenview reads"):
            use(file)
    assert "anything" in file.read_text()


def written_run(file: Path) -> None:
    with MetricsWriter(file) as writer:
        writer.write(START)
        for step in (10, 20, 30):
            writer.write(StepRecord(step))
        writer.write(AlarmRecord(20, "not finite", "", ""))
        writer.write(ProbeRecord(30, "pixels", "kNN", 0.5))
        writer.write(EndRecord(30, 1.0, "finished"))


def test_going_on_from_a_checkpoint_forgets_what_comes_again(tmp_path):
    file = tmp_path / "metrics.jsonl"
    written_run(file)
    with MetricsWriter(file, keep_to=20):
        pass
    assert records(file) == [START, StepRecord(10), StepRecord(20)]


def test_an_alarm_after_which_training_went_on_is_kept(tmp_path):
    file = tmp_path / "metrics.jsonl"
    written_run(file)
    with MetricsWriter(file, keep_to=30):
        pass
    assert [alarm.step for alarm in History.read(file).alarms] == [20]


def test_starting_anew_forgets_all(tmp_path):
    file = tmp_path / "metrics.jsonl"
    written_run(file)
    with MetricsWriter(file):
        pass
    assert read_metrics(file) == []


def test_no_file_is_no_lines(tmp_path):
    assert read_metrics(tmp_path / "none.jsonl") == []
