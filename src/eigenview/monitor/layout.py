"""Rows from whatever a layer gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError

Views = Literal["calls", "stacked", "interleaved"]


def first_tensor(output: Any) -> Tensor | None:
    """The first floating tensor in an output, depth first through tuples, lists and mappings; None if there is none."""
    if isinstance(output, Tensor):
        return output if output.is_floating_point() else None
    inside = output.values() if isinstance(output, Mapping) else output if isinstance(output, list | tuple) else ()
    return next((found for found in map(first_tensor, inside) if found is not None), None)


def dimensions(output: Tensor) -> int:
    """D, of the rows that an output holds.

    Raises:
        ValueError: it holds none.
    """
    if output.dim() < 2 or not output.numel():
        raise ValueError(f"it gave the shape {list(output.shape)}, where rows of features are needed")
    return output.shape[-1] if output.dim() <= 3 else output.shape[1]


@dataclass(frozen=True)
class Layout:
    """Which rows of an output are views of which sample.

    Args:
        views: `calls` (K forwards in a row are views 1 to K of the same samples), `stacked` (one forward of K·P rows,
            all first views first), `interleaved` (one forward of P·K rows, a sample's views beside each other),
            or None: unknown.
        K: views of a sample, at least 2.
    """

    views: Views | None
    K: int

    def __post_init__(self) -> None:
        if self.views not in (None, "calls", "stacked", "interleaved"):
            raise UsageError(f"views must be 'calls', 'stacked', 'interleaved' or None, not {self.views!r}")
        if self.K < 2:
            raise UsageError(f"K must be at least 2 views, not {self.K}")

    @property
    def samples_beside(self) -> bool:
        """Whether one output holds several views of a sample."""
        return self.views in ("stacked", "interleaved")

    def rows(self, output: Float[Tensor, "N ..."], most: int) -> tuple[Float[Tensor, "..."], str | None]:
        """The first samples of an output, on the CPU, in float32 or better, with what is spatial averaged.

        Args:
            output: [N, D]; [N, T, C] is averaged over its tokens T, [N, C, H, W] (and more) over all after C.
            most: rows.

        Returns:
            [K, P, D], or [N, D] where the views are not beside each other, then perhaps with the reason.

        """
        x = output.detach()
        if not self.samples_beside:
            return _pooled(x[: most // self.K if self.views == "calls" else most]), None
        if len(x) % self.K:
            return _pooled(x[:most]), f"{len(x)} rows are no multiple of K = {self.K}"
        x = x.unflatten(0, (self.K, -1)) if self.views == "stacked" else x.unflatten(0, (-1, self.K)).transpose(0, 1)
        x = x[:, : most // self.K]
        return _pooled(x.flatten(0, 1)).unflatten(0, (self.K, -1)), None


def _pooled(x: Float[Tensor, "N ..."]) -> Float[Tensor, "N D"]:
    with torch.no_grad():
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        if x.dim() == 3:
            x = x.mean(1)
        elif x.dim() > 3:
            x = x.flatten(2).mean(2)
        return in_full(x)


def in_full(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """A copy on the CPU, in float32 or better, without the graph."""
    return x.detach().to("cpu", torch.promote_types(x.dtype, torch.float32), copy=True).contiguous()
