"""The outputs of one layer within one step, and which of them were trained on."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.monitor.buffer import Batch, RowBuffer, Sampling
from eigenview.monitor.layout import ViewLayout, dimensions, first_tensor, in_full

MOST_CALLS = 1000

UNKNOWN_VIEWS = "the layout of views is unknown: pass views='calls', 'stacked' or 'interleaved'"


NEVER_CALLED = "the layer was not called in training mode (call a compiled model for the first time inside the monitor)"


@dataclass(eq=False)
class ForwardPass:
    """One forward pass through a layer.

    Args:
        rows: copies of its first rows; None where there was no room for them, or once they are in the buffer.
        why: why it is unknown which of the rows are views of one sample.
        trained: whether a gradient came back to them.
    """

    rows: Float[Tensor, "..."] | None
    why: str | None
    trained: bool

    @property
    def size(self) -> int:
        """Number of rows that are kept."""
        return 0 if self.rows is None else self.rows.shape[:-1].numel()

    def mark_trained(self, gradient: Tensor) -> None:
        """The hook of the output, which torch calls with its gradient."""
        self.trained = True


class LayerCapture:
    """The forward passes through a layer since the last step.

    Only those count that a gradient reaches before the step, not a forward pass for its own sake, nor one that a
    checkpoint recomputes. An output that takes no gradient (the layer is frozen) counts.

    Args:
        layout: how the rows are arranged in views.
        sampling: bounds on the rows of finished steps.

    Attributes:
        buffer: the rows of finished steps.
        problem: why the newest step added no rows, if it did not.
    """

    def __init__(self, layout: ViewLayout, sampling: Sampling) -> None:
        self._layout, self.buffer = layout, RowBuffer(sampling)
        self._calls: list[ForwardPass] = []
        self._given: list[Tensor] = []
        self.problem = NEVER_CALLED

    def record(self, output: Any) -> Tensor:
        """Copy the rows of an output that are wanted, and return the copy.

        Raises:
            ValueError: the output has no rows.
        """
        tensor = first_tensor(output)
        if tensor is None:
            raise ValueError(f"its output, a {type(output).__name__}, contains no floating-point tensor")
        most = self._most(tensor)
        rows, why = self._layout.rows(tensor, most)
        call = ForwardPass(rows, why, trained=not tensor.requires_grad)
        if tensor.requires_grad:
            tensor.register_hook(call.mark_trained)
        self._keep(call, most)
        return rows

    def record_rows(self, x: Any) -> Tensor:
        """Copy given rows, [N, D] or [K, P, D], all of which count, and return the copy.

        Raises:
            ValueError: it is not a tensor of rows.
        """
        if not isinstance(x, Tensor) or x.dim() not in (2, 3):
            what = f"shape {list(x.shape)}" if isinstance(x, Tensor) else f"type {type(x).__name__}"
            raise ValueError(f"the argument must be a tensor [N, D] or [K, P, D], not one of {what}")
        most = self._most(x)
        if x.dim() == 2:
            rows, why = self._layout.rows(x, most)
            self._keep(ForwardPass(rows, why, trained=True), most)
            return rows
        rows = in_full(x[:, : max(1, most // len(x))])
        if sum(given.shape[:-1].numel() for given in self._given) < most:
            self._given.append(rows)
        return rows

    def _most(self, x: Tensor) -> int:
        most = self.buffer.most(dimensions(x), 8 if x.dtype == torch.float64 else 4)
        if most < self._layout.K:
            raise ValueError(f"its rows of {dimensions(x):,} numbers are too wide for sampling.max_bytes")
        return most

    def _keep(self, call: ForwardPass, most: int) -> None:
        """Make room by dropping rows, never a forward pass: their order says which are views of which samples."""
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
        """Move the rows of a finished step to the buffer, and return their number."""
        calls, given, self._calls, self._given = self._calls, self._given, [], []
        batches = [Batch(step, x) for x in given]
        trained = [call for call in calls if call.trained]
        if len(calls) > MOST_CALLS:
            self.problem = f"{MOST_CALLS:,} forward passes without a step"
        elif trained:
            batches += self._by_views(step, trained) if self._layout.views == "calls" else _as_they_are(step, trained)
        elif not given:
            self.problem = "no gradient came back to it" if calls else NEVER_CALLED
        for batch in batches:
            self.buffer.add(batch)
        for call in calls:
            call.rows = None  # a tensor that the user keeps holds the call
        return sum(batch.rows for batch in batches)

    def _by_views(self, step: int, calls: list[ForwardPass]) -> list[Batch]:
        K = self._layout.K
        groups = [[c.rows for c in calls[i : i + K] if c.rows is not None] for i in range(0, len(calls), K)]
        if len(calls) % K:
            why = f"{len(calls)} forward passes that a gradient reached are not a multiple of K = {K}"
        elif any(len({rows.shape for rows in group}) > 1 for group in groups):
            why = "forward passes that should be views of the same samples have different shapes"
        else:
            return [Batch(step, torch.stack(group)) for group in groups if len(group) == K]
        return [Batch(step, rows, why) for group in groups for rows in group]


def _as_they_are(step: int, calls: list[ForwardPass]) -> list[Batch]:
    return [Batch(step, c.rows, c.why or UNKNOWN_VIEWS) for c in calls if c.rows is not None]
