"""The measurements of a run: one JSON object a line."""

import contextlib
import json
import math
import os
from pathlib import Path
from typing import Any

from eigenview._errors import UsageError


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a metrics file, in order; a torn last line, left by a killed run, is passed over.

    Raises:
        UsageError: a line before the last is not JSON.
    """
    if not path.exists():
        return []
    lines = path.read_text(errors="replace").split("\n")
    whole, last = lines[:-1], lines[-1]
    try:
        records = [json.loads(line) for line in whole if line]
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is damaged: {error}") from error
    with contextlib.suppress(json.JSONDecodeError):
        records += [json.loads(last)] if last else []
    return records


class MetricsWriter:
    """Appends measurements to a file, each handed to the system before the next is taken; a context that closes it.

    Args:
        path: the file; it continues where it ends, a torn last line removed.
        keep_to: forget measurements of later steps, and what came after training, since they will be taken again.
    """

    def __init__(self, path: Path, keep_to: int = 0) -> None:
        kept = [
            r for r in read_metrics(path) if keep_to and r.get("step", 0) <= keep_to and not _comes_again(r, keep_to)
        ]
        beside = path.with_suffix(".jsonl.tmp")
        beside.write_text("".join(map(_line, kept)))
        os.replace(beside, path)
        self._file = path.open("a")

    def write(self, kind: str, **values: Any) -> dict[str, Any]:
        """Writes one line and returns it as it can be read back; what is not finite is null."""
        line = _line({"kind": kind, **values})
        self._file.write(line)
        self._file.flush()
        return json.loads(line)

    def __enter__(self) -> "MetricsWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _comes_again(record: dict[str, Any], keep_to: int) -> bool:
    """Whether going on writes it once more, though it is not of a later step."""
    again = record.get("name") == "not finite" and record.get("step") == keep_to
    return again or record["kind"] in ("probe", "end")


def _line(record: dict[str, Any]) -> str:
    return json.dumps(_finite(record), allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """JSON has no word for NaN or infinity: null stands for them, and an alarm tells of them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
