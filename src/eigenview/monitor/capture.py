"""What one layer gave within one step, and which of it was trained on."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.monitor.buffer import Batch, RowBuffer
from eigenview.monitor.layout import Layout, dimensions, first_tensor, in_full

MOST_CALLS = 1000

UNKNOWN = "which rows are views of one sample is unknown: say views='calls', 'stacked' or 'interleaved'"


NOT_CALLED = "it was not called in training mode (a compiled model must be first called after the monitor is entered)"


@dataclass(eq=False)
class Call:
    """One forward of a layer.

    Args:
        rows: copies of its first rows; None where there was no room for them, or once they are in the queue.
        why: why it is not known which of the rows are views of one sample.
        trained: whether a gradient came back to them.
    """

    rows: Float[Tensor, "..."] | None
    why: str | None
    trained: bool

    @property
    def size(self) -> int:
        """Rows kept."""
        return 0 if self.rows is None else self.rows.shape[:-1].numel()

    def reached(self, gradient: Tensor) -> None:
        """As torch calls hooks of tensors."""
        self.trained = True


class Calls:
    """The forwards of a layer since the last step.

    Only those count that a gradient reaches before the step: a forward for its own sake, or one that a checkpoint
    computes again, is none of them. An output that takes no gradient (the layer is frozen) counts.

    Args:
        layout: which rows are views of which sample.
        rows: most that the queue of finished steps holds.
        most_bytes: most that they take.

    Attributes:
        queue: of the finished steps.
        problem: why the newest step added nothing to it, if so.
    """

    def __init__(self, layout: Layout, rows: int, most_bytes: int) -> None:
        self._layout, self.queue = layout, RowBuffer(rows, most_bytes)
        self._calls: list[Call] = []
        self._given: list[Tensor] = []
        self.problem = NOT_CALLED

    def hear(self, output: Any) -> Tensor:
        """Copies what is wanted of an output, and returns the copy.

        Raises:
            ValueError: there are no rows in it.
        """
        tensor = first_tensor(output)
        if tensor is None:
            raise ValueError(f"it gave {type(output).__name__}, without a tensor of floats in it")
        most = self._most(tensor)
        rows, why = self._layout.rows(tensor, most)
        call = Call(rows, why, trained=not tensor.requires_grad)
        if tensor.requires_grad:
            tensor.register_hook(call.reached)
        self._keep(call, most)
        return rows

    def take(self, x: Any) -> Tensor:
        """Copies of given rows, [N, D] or [K, P, D], all of which count.

        Raises:
            ValueError: it is something else, or there are none.
        """
        if not isinstance(x, Tensor) or x.dim() not in (2, 3):
            what = f"shape {list(x.shape)}" if isinstance(x, Tensor) else f"type {type(x).__name__}"
            raise ValueError(f"tensors of rows are needed, [N, D] or [K, P, D], not one of {what}")
        most = self._most(x)
        if x.dim() == 2:
            rows, why = self._layout.rows(x, most)
            self._keep(Call(rows, why, trained=True), most)
            return rows
        rows = in_full(x[:, : max(1, most // len(x))])
        if sum(given.shape[:-1].numel() for given in self._given) < most:
            self._given.append(rows)
        return rows

    def _most(self, x: Tensor) -> int:
        most = self.queue.most(dimensions(x), 8 if x.dtype == torch.float64 else 4)
        if most < self._layout.K:
            raise ValueError(f"its rows of {dimensions(x):,} numbers are too wide for the queue")
        return most

    def _keep(self, call: Call, most: int) -> None:
        """Makes room by forgetting rows, never the call: the order of calls says which are views of which."""
        if len(self._calls) > MOST_CALLS:
            return
        self._calls.append(call)
        kept = [c for c in self._calls if c.rows is not None]
        over = sum(c.size for c in kept) - 2 * most
        for old in [*sorted(kept[:-1], key=lambda c: c.trained), call]:
            if over > 0:
                over -= old.size
                old.rows = None

    def finish(self, step: int) -> int:
        """Hands the rows of a finished step to the queue, and returns how many there were."""
        calls, given, self._calls, self._given = self._calls, self._given, [], []
        batches = [Batch(step, x) for x in given]
        trained = [call for call in calls if call.trained]
        if len(calls) > MOST_CALLS:
            self.problem = f"{MOST_CALLS:,} forwards went by without a step"
        elif trained:
            batches += self._by_views(step, trained) if self._layout.views == "calls" else _as_they_are(step, trained)
        elif not given:
            self.problem = "no gradient came back to it" if calls else NOT_CALLED
        for batch in batches:
            self.queue.add(batch)
        for call in calls:
            call.rows = None  # a tensor that the user keeps holds the call
        return sum(batch.rows for batch in batches)

    def _by_views(self, step: int, calls: list[Call]) -> list[Batch]:
        K = self._layout.K
        groups = [[c.rows for c in calls[i : i + K] if c.rows is not None] for i in range(0, len(calls), K)]
        if len(calls) % K:
            why = f"{len(calls)} forwards that a gradient reached are no multiple of K = {K}"
        elif any(len({rows.shape for rows in group}) > 1 for group in groups):
            why = "forwards that should be views of the same samples have different shapes"
        else:
            return [Batch(step, torch.stack(group)) for group in groups if len(group) == K]
        return [Batch(step, rows, why) for group in groups for rows in group]


def _as_they_are(step: int, calls: list[Call]) -> list[Batch]:
    return [Batch(step, c.rows, c.why or UNKNOWN) for c in calls if c.rows is not None]
