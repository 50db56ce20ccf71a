"""The newest rows of a layer, and which of them are views of one sample."""

from collections import deque
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError


@dataclass(frozen=True)
class Batch:
    """Rows of one step.

    Args:
        step: the update that they were used in.
        x: [K, P, D], or [N, D] where it is unknown which rows are views of one sample.
        why: why that is unknown.
    """

    step: int
    x: Float[Tensor, "..."]
    why: str | None = None

    @property
    def rows(self) -> int:
        """Number of rows, all views counted."""
        return self.x.shape[:-1].numel()

    @property
    def bytes(self) -> int:
        """Memory of the rows in bytes."""
        return self.x.numel() * self.x.element_size()


@dataclass(frozen=True)
class Sample:
    """What is measured: rows of a few steps.

    Args:
        rows: all of them.
        views: the same rows by view and sample; None where that is unknown.
        why: why it is unknown.
    """

    rows: Float[Tensor, "N D"]
    views: Float[Tensor, "K P D"] | None
    why: str | None

    @property
    def samples(self) -> int:
        """Number of samples; a row whose sample is unknown counts as one."""
        return len(self.rows) if self.views is None else self.views.shape[1]

    @property
    def finite(self) -> bool:
        """Whether all rows are finite."""
        return bool(torch.isfinite(self.rows).all())


@dataclass(frozen=True)
class Sampling:
    """How many rows a monitor measures.

    Args:
        rows: most rows in a measurement; they come from as many steps as it takes.
        max_bytes: most memory for the rows of one layer; copies of a step under way may take twice as much again.

    Raises:
        UsageError: fewer than two rows.
    """

    rows: int = 1024
    max_bytes: int = 64 * 2**20

    def __post_init__(self) -> None:
        if self.rows < 2:
            raise UsageError(f"rows must be at least 2, not {self.rows}")


class RowBuffer:
    """The newest batches, as many as the sampling allows, on the CPU."""

    def __init__(self, sampling: Sampling) -> None:
        self._rows, self._bytes = sampling.rows, sampling.max_bytes
        self._batches: deque[Batch] = deque()

    def add(self, batch: Batch) -> None:
        """Appends a batch, and drops the oldest until all is within bounds."""
        self._batches.append(batch)
        while self._batches and (
            sum(b.rows for b in self._batches) > self._rows or sum(b.bytes for b in self._batches) > self._bytes
        ):
            self._batches.popleft()

    def most(self, D: int, bytes_each: int) -> int:
        """The number of rows that fit, each of D numbers of so many bytes."""
        return min(self._rows, self._bytes // (D * bytes_each))

    def since(self, step: int) -> Sample | None:
        """The batches of this step and later ones, of the newest's dimensions; older ones are dropped."""
        while self._batches and self._batches[0].step < step:
            self._batches.popleft()
        if not self._batches:
            return None
        newest = self._batches[-1].x
        found = [b for b in self._batches if b.x.shape[-1] == newest.shape[-1]]
        rows = torch.cat([b.x.flatten(0, -2) for b in found])
        shapes = {(b.x.dim(), *b.x.shape[:-2]) for b in found}
        if newest.dim() == 3 and len(shapes) == 1:
            views = torch.cat([b.x for b in found], dim=1)
            return Sample(views.flatten(0, 1), views, None)
        why = next((b.why for b in reversed(found) if b.why), "the number of views differs between steps")
        return Sample(rows, None, why)
