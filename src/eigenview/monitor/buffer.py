"""The newest rows of a layer, and what is known of them."""

from collections import deque
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Rows of one step.

    Args:
        step: the update that they were used in.
        x: [K, P, D], or [N, D] where the views are not known.
        why: why they are not.
    """

    step: int
    x: Float[Tensor, "..."]
    why: str | None = None

    @property
    def rows(self) -> int:
        """How many, all views counted."""
        return self.x.shape[:-1].numel()

    @property
    def bytes(self) -> int:
        """What they take."""
        return self.x.numel() * self.x.element_size()


@dataclass(frozen=True)
class Sample:
    """What is measured: rows of a few steps.

    Args:
        rows: all of them.
        views: the same by view and sample, where that is known.
        why: why it is not.
    """

    rows: Float[Tensor, "N D"]
    views: Float[Tensor, "K P D"] | None
    why: str | None

    @property
    def samples(self) -> int:
        """How many; rows whose sample is not known count as one each."""
        return len(self.rows) if self.views is None else self.views.shape[1]

    @property
    def finite(self) -> bool:
        """Whether all of it is."""
        return bool(torch.isfinite(self.rows).all())


class RowBuffer:
    """The newest batches, as many as the bounds allow, on the CPU.

    Args:
        rows: at most.
        bytes: at most.
    """

    def __init__(self, rows: int, bytes: int) -> None:
        self._rows, self._bytes = rows, bytes
        self._batches: deque[Batch] = deque()

    def add(self, batch: Batch) -> None:
        """Appends a batch, and drops the oldest until all is within bounds."""
        self._batches.append(batch)
        while self._batches and (
            sum(b.rows for b in self._batches) > self._rows or sum(b.bytes for b in self._batches) > self._bytes
        ):
            self._batches.popleft()

    def most(self, D: int, bytes_each: int) -> int:
        """Rows of D numbers of so many bytes that fit."""
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
