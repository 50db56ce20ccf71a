"""`metrics.jsonl`: the records of a run, one a line, in the order in which they were written.

A last line without an end, left by a killed process, is passed over. Any other line that is not a record of a known
kind (damaged, or of another program) is skipped, counted and named, and survives when training is resumed. A file in a
newer format is refused.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from eigenview._errors import UsageError
from eigenview._files import write_text
from eigenview.runs.record_lines import record_from_line, record_to_line
from eigenview.runs.records import (
    AlarmRecord,
    EndRecord,
    ProbeRecord,
    Record,
    RetrievalRecord,
    StartRecord,
    ZeroShotRecord,
)

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class MetricsLine:
    """One line of a metrics file.

    Args:
        number: from 1.
        text: as it stands in the file.
        record: what it holds; None where it is skipped.
        problem: why it is skipped.
    """

    number: int
    text: str
    record: Record | None = None
    problem: str = ""


def read_metrics(path: Path) -> list[MetricsLine]:
    """The lines of a metrics file, in order; none if there is no file.

    Raises:
        UsageError: a newer version of Eigenview wrote it.
    """
    return list(_read(path)) if path.exists() else []


def _read(path: Path) -> Iterator[MetricsLine]:
    *whole, last = path.read_text(encoding="utf-8", errors="replace").split("\n")
    lines = [*whole, last] if _is_json(last) else whole
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            yield MetricsLine(number, text, record_from_line(text))
        except UsageError as error:
            raise UsageError(f"{path}, line {number}: {error}") from error
        except ValueError as error:
            yield MetricsLine(number, text, problem=str(error))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class MetricsWriter:
    """Appends records to a file, each handed to the system before the next is taken; a context that closes it.

    Args:
        path: the file; it continues where it ends, a torn last line removed.
        keep_to: forget records of later steps, and what came after training, since they will be written again; 0
            begins an empty file.

    Raises:
        UsageError: a newer version of Eigenview wrote the file.
    """

    def __init__(self, path: Path, keep_to: int = 0) -> None:
        kept = [line.text + "\n" for line in read_metrics(path) if keep_to and _is_kept(line.record, keep_to)]
        write_text(path, "".join(kept))
        self._file = path.open("a", encoding="utf-8")

    def write(self, record: R) -> R:
        """Write a record and return it as it will be read: without numbers that are not finite."""
        line = record_to_line(record)
        self._file.write(line + "\n")
        self._file.flush()
        return cast(R, record_from_line(line))

    def __enter__(self) -> "MetricsWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _is_kept(record: Record | None, step: int) -> bool:
    """Whether training that is resumed at `step` will not write it again. What cannot be read is not lost."""
    match record:
        case None | StartRecord():
            return True
        case ProbeRecord() | RetrievalRecord() | ZeroShotRecord() | EndRecord():
            return False
        case AlarmRecord(name="not finite"):  # the update that it stopped will be made again
            return record.step < step
        case _:
            return record.step <= step
