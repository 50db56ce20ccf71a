"""Rows from the output of a layer, and how they are arranged in views."""

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
    """The dimensions D of the rows in an output.

    Raises:
        ValueError: there are no rows.
    """
    if output.dim() < 2 or not output.numel():
        raise ValueError(f"its output must be rows of features, not of shape {list(output.shape)}")
    return output.shape[-1] if output.dim() <= 3 else output.shape[1]


@dataclass(frozen=True)
class ViewLayout:
    """How the rows of a batch are arranged in views.

    Args:
        views: `calls` (K forwards in a row are views 1 to K of the same samples), `stacked` (one forward of K·P rows,
            all first views first), `interleaved` (one forward of P·K rows, a sample's views beside each other),
            or None: unknown.
        K: views of a sample, at least 2.
    """

    views: Views | None
    K: int = 2

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
        """The first samples of an output, on the CPU, in float32 or better, averaged over space.

        Args:
            output: [N, D]; [N, T, C] is averaged over its tokens T, [N, C, H, W] (and more) over all after C.
            most: number of rows to return at most.

        Returns:
            [K, P, D]; or [N, D] where one output does not hold several views of a sample, with the reason where it
            should.
        """
        x = output.detach()
        if not self.samples_beside:
            return _pooled(x[: most // self.K if self.views == "calls" else most]), None
        if len(x) % self.K:
            return _pooled(x[:most]), f"{len(x)} rows are not a multiple of K = {self.K}"
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
