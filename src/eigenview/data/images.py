"""Images that are decoded one at a time."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from datasets import Dataset
from jaxtyping import Int64
from PIL import Image

from eigenview._errors import UsageError
from eigenview.data.parallel_map import in_threads
from eigenview.data.pixels import UndecodableError, quiet, read_rgb, read_size

_DECODED_WHEN_OPENED = 2**28  # pixels in all: some seconds


@dataclass(frozen=True)
class Skipped:
    """A file that was skipped, and why."""

    name: str
    reason: str


class Images:
    """Images that are decoded on demand, in the order of their source, without those that do not decode.

    Opening reads the header of every file, and all of it if that takes only seconds. A file that fails later is
    replaced, permanently, by the next one that decodes.

    Args:
        table: rows of encoded images, memory-mapped if they are many.
        column: the table's column of structs `{bytes, path}`.
        labels: one per row. They are for probes and reports; training never reads them.
        class_names: names of the classes.
        source: name of the source in messages.
        root: folder that names are relative to.
        captions: captions of each row; a row without a caption is left out.

    Attributes:
        labels: Int64[N] or None.
        captions: at least one text per image; None without captions.
        skipped: files that did not decode or have no caption.
        size: `(H, W)` if all images share it, else None.

    Raises:
        UsageError: there are no images, none decodes, or none has a caption.
    """

    def __init__(
        self,
        table: Dataset,
        column: str,
        labels: Int64[np.ndarray, "N"] | None = None,
        class_names: list[str] | None = None,
        source: str = "the source",
        root: str = "",
        captions: Sequence[tuple[str, ...]] | None = None,
    ):
        self._table, self._column, self._root = table, column, root
        self._rows = np.arange(len(table))
        self.class_names = class_names
        self.skipped: list[Skipped] = []
        self.stand_ins: dict[int, tuple[int, str]] = {}
        if captions is not None:
            self._drop_uncaptioned(captions, source)
        self.size = self._scan(source)
        self.labels = None if labels is None else labels[self._rows]
        self.captions = None if captions is None else [captions[row] for row in self._rows.tolist()]

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, i: int) -> str:
        """The file's path below its source, or the number of its row."""
        return self._row_name(int(self._rows[i]))

    def skipped_summary(self) -> str:
        """How many files were skipped, and the first of them with its reason; empty if none was."""
        if not self.skipped:
            return ""
        first = self.skipped[0]
        if len(self.skipped) == 1:
            return f"skipped 1 file, {first.name}: {first.reason}"
        why = "that did not decode" if self.captions is None else "that did not decode or have no caption"
        return f"skipped {len(self.skipped)} files {why}, the first {first.name}: {first.reason}"

    def decode(self, i: int) -> Image.Image:
        """Image i in RGB, or the next one that decodes if it turns out to be broken."""
        with quiet():
            return self.decode_unguarded(i)

    def decode_unguarded(self, i: int) -> Image.Image:
        """As `decode`, for use in threads inside `quiet`, which the main thread must enter."""
        try:
            return read_rgb(self._encoded(int(self._rows[i])))
        except UndecodableError as error:
            reason = str(error)
        for j in chain(range(i + 1, len(self)), range(i)):
            try:
                image = read_rgb(self._encoded(int(self._rows[j])))
            except UndecodableError:
                continue
            self.replace(i, j, reason)
            return image
        raise UsageError(f"none of the {len(self)} images decodes any more (first: {self.name(i)}: {reason})")

    def replace(self, i: int, j: int, reason: str) -> None:
        """Replaces image i, which did not decode, by image j with its label and captions."""
        if i in self.stand_ins:
            return
        self.stand_ins[i] = (j, reason)
        self.skipped.append(Skipped(self.name(i), reason))
        self._rows[i] = self._rows[j]
        if self.labels is not None:
            self.labels[i] = self.labels[j]
        if self.captions is not None:
            self.captions[i] = self.captions[j]

    def _drop_uncaptioned(self, captions: Sequence[tuple[str, ...]], source: str) -> None:
        """Drops the rows without a caption."""
        silent = [row for row in self._rows.tolist() if not captions[row]]
        if silent and len(silent) == len(self._rows):
            raise UsageError(f"none of the {len(silent)} images in '{source}' has a caption: all captions are empty")
        self.skipped += [Skipped(self._row_name(row), "it has no caption") for row in silent]
        self._rows = np.delete(self._rows, silent)

    def _scan(self, source: str) -> tuple[int, int] | None:
        if not len(self._table):
            raise UsageError(f"'{source}' holds no images")
        sizes = self._keep(self._attempt(read_size), source)
        if sum(height * width for height, width in sizes) <= _DECODED_WHEN_OPENED:
            sizes = self._keep(self._attempt(_decoded_size), source)
        return sizes[0] if len(set(sizes)) == 1 else None

    def _attempt(self, read: Callable[[bytes | str], tuple[int, int]]) -> list[tuple[int, int] | str]:
        """The size of every row's image, or the reason why it has none."""

        def attempt(row: int) -> tuple[int, int] | str:
            try:
                return read(self._encoded(row))
            except UndecodableError as error:
                return str(error)

        return list(in_threads(attempt, self._rows.tolist()))

    def _keep(self, outcomes: list[tuple[int, int] | str], source: str) -> list[tuple[int, int]]:
        """Drops the rows that failed, and returns the sizes of the others."""
        failed = [
            Skipped(self._row_name(int(row)), outcome)
            for row, outcome in zip(self._rows, outcomes, strict=True)
            if isinstance(outcome, str)
        ]
        if len(failed) == len(outcomes):
            files = "the only image" if len(failed) == 1 else f"none of the {len(failed)} images"
            decodes = "does not decode" if len(failed) == 1 else "decodes"
            raise UsageError(f"{files} in '{source}' {decodes} (first: {failed[0].name}: {failed[0].reason})")
        self.skipped += failed
        self._rows = self._rows[[not isinstance(outcome, str) for outcome in outcomes]]
        return [outcome for outcome in outcomes if not isinstance(outcome, str)]

    def _encoded(self, row: int) -> bytes | str:
        cell = self._cell(row)
        encoded = cell.get("bytes") or cell.get("path")
        if not encoded:
            raise UndecodableError("the row is empty")
        return encoded

    def _row_name(self, row: int) -> str:
        path = self._cell(row).get("path")
        if not path:
            return f"row {row}"
        return os.path.relpath(path, self._root) if self._root else path

    def _cell(self, row: int) -> dict[str, Any]:
        # Straight from Arrow: indexing the Dataset costs twenty times as much.
        return self._table.data.column(self._column)[row].as_py() or {}


def _decoded_size(encoded: bytes | str) -> tuple[int, int]:
    width, height = read_rgb(encoded).size
    return height, width
