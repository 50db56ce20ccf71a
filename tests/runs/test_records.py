"""Every damaged line is skipped and counted, or refused by one clear error, by all who read metrics."""

import json
import math
from dataclasses import fields

import pytest

from eigenview._errors import UsageError
from eigenview.alarms import AlarmEngine
from eigenview.report import retrieval_caption, retrieval_rows, write_page, zero_shot_words
from eigenview.runs import History, LossLevels, MetricsWriter, Origin, Record, StartRecord, StepRecord, probe_table
from eigenview.runs.record_lines import KINDS, RESERVED, record_from_line, record_to_line
from tests.report.conftest import end_line, probe_line, start_line, step_line, write_run

RETRIEVAL = {
    "kind": "retrieval",
    "step": 600,
    "direction": "image to text",
    "images": 100,
    "texts": 100,
    "recall": {"R@1": 0.5},
    "chance": {"R@1": 0.01},
    "trained_on": False,
}
ZERO_SHOT = {
    "kind": "zero-shot",
    "step": 600,
    "images": 100,
    "classes": 6,
    "prompt": "a {}",
    "accuracy": 0.7,
    "chance": 0.2,
    "majority": 0.4,
    "trained_on": True,
}
MEASURED = {
    "spread": {"features": 1.0, "embeddings": 0.5},
    "cosine": {"embeddings": {"views": 0.9, "samples": 0.1}},
    "origin": {"growing": 0, "largest": -1.0, "between": 1.0, "within": 2.0, "decay": 0.0},
    "rows": {"features": 64},
    "max_rank": {"features": 64},
    "missing": {"lidar": {"features": "it needs views"}},
    "temperature": 0.1,
    "stable_rank": {"features": 3.0, "embeddings": None},
    "normality": {"features": {"p": 0.5, "statistic": None}},
}
START = start_line(version=1, views="calls", every=100, rows=1024, layers={"features": "backbone"})
LINES = [
    START,
    step_line(50, **MEASURED),
    {"kind": "alarm", "step": 50, "name": "loss at chance", "evidence": "it is", "advice": "change it"},
    {**probe_line("kNN", "pixels", 0.5), "known": 100, "held_out_trained_on": False},
    RETRIEVAL,
    ZERO_SHOT,
    end_line(),
]
NUMBERS = [3, -7, 2.5, -0.5, 1e999, 10**400]
WRONG = [*NUMBERS, None, True, "text", "\ud800", [], [1, 2], [None], {}, {"a": 1}, {"a": {"b": []}}]


def variants(value, path=()):
    """Each way to drop or replace one value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: wrong} for wrong in WRONG)
            yield from ({**value, key: changed} for changed in variants(inner))


def test_each_kind_has_a_line_and_is_read_back():
    assert [line["kind"] for line in LINES] == list(KINDS)
    for line in LINES:
        record = record_from_line(json.dumps(line))
        assert isinstance(record, KINDS[line["kind"]])
        assert json.loads(record_to_line(record)) == line
        assert record_from_line(record_to_line(record)) == record


def test_each_field_stands_in_a_line():
    """So that the variants are of all fields."""
    for line, cls in zip(LINES, KINDS.values(), strict=True):
        assert {field.name for field in fields(cls)} - {"logged", "measures"} <= {*line, "spread", "draws"}


def record_or_problem(text: str) -> Record | str:
    try:
        return record_from_line(text)
    except ValueError as error:  # UsageError is one
        return str(error)


@pytest.mark.parametrize("line", LINES, ids=[line["kind"] for line in LINES])
def test_a_damaged_line_is_a_record_or_says_what_is_wrong(line):
    for changed in variants(line):
        text = json.dumps(changed)
        record = record_or_problem(text)
        if isinstance(record, str):
            assert record
            assert "\n" not in record
        else:
            assert record_from_line(record_to_line(record)) == record
            assert record_to_line(record).encode()


@pytest.mark.parametrize("line", LINES, ids=[line["kind"] for line in LINES])
def test_readers_of_a_damaged_line(line, tmp_path):
    """All changed lines in one file among whole ones: what can be read is used, the rest is counted."""
    changed = [v for v in variants(line) if not _is_newer(v)]
    run = write_run(tmp_path / "run", [*LINES, *changed], pictures=False)
    history = History.read(run / "metrics.jsonl")
    assert history.skipped
    engine = AlarmEngine(100, {"features": 64}, min_temperature=0.1)
    for record in history.steps:
        engine.update(record)
    probe_table(history)
    assert str(len(history.skipped)) in write_page(run).read_text()
    assert retrieval_rows(history)
    assert retrieval_caption(history)
    assert zero_shot_words(history)
    before = len((run / "metrics.jsonl").read_text().splitlines())
    with MetricsWriter(run / "metrics.jsonl", keep_to=10**9) as writer:
        writer.write(StepRecord(10**9))
    again = History.read(run / "metrics.jsonl")
    assert len(again.skipped) == len(history.skipped)
    assert len(again.steps) == len(history.steps) + 1
    assert before > len(history.skipped)


def _is_newer(line: dict) -> bool:
    version = line.get("version", 1)
    return line.get("kind") == "start" and isinstance(version, int) and not isinstance(version, bool) and version > 1


NO_RECORDS = ["", "nonsense", "[]", "3", '"step"', "null", "{}", '{"kind": 3}', '{"kind": []}', "[" * 9999]


@pytest.mark.parametrize("text", NO_RECORDS)
def test_what_is_not_a_record(text):
    with pytest.raises(ValueError, match=r"JSON|object|unknown kind"):
        record_from_line(text)


def test_keys_of_a_step_line_beside_the_known_are_logged_numbers_and_measures():
    line = {"kind": "step", "step": 1, "margin": 0.5, "lidar": {"features": None}, "note": "mine", "measures": {"h": 2}}
    record = record_from_line(json.dumps(line))
    assert record == StepRecord(1, logged={"margin": 0.5}, measures={"lidar": {"features": None}})
    assert json.loads(record_to_line(record)) == {"kind": "step", "step": 1, "margin": 0.5, "lidar": {"features": None}}
    assert {"step", "kind", "measures", "cosine"} <= RESERVED


def test_what_is_none_is_left_out():
    start = StartRecord(0.0, {}, "cpu", reference=LossLevels(collapsed=1.0))
    assert json.loads(record_to_line(start)) == {
        "kind": "start",
        "version": 1,
        "time": 0.0,
        "versions": {},
        "device": "cpu",
        "resumed_from": 0,
        "reference": {"collapsed": 1.0},
    }


def test_a_newer_version_is_refused_before_anything_else_is_read():
    with pytest.raises(UsageError, match="version 2"):
        record_from_line('{"kind": "start", "version": 2, "time": "noon"}')


def test_values_by_name():
    record = record_from_line(json.dumps(LINES[1]))
    assert isinstance(record, StepRecord)
    assert record.origin == Origin(0, -1.0, 1.0, 2.0, 0.0)
    assert record.value("temperature") == 0.1
    assert record.value("stable_rank", "features") == 3.0
    assert record.value("effective_rank", "embeddings") > 1
    nothing = [("lidar",), ("lidar", "features"), ("stable_rank", "embeddings"), ("loss", "features"), ("cosine",)]
    assert all(math.isnan(record.value(*names)) for names in nothing)
