"""Reference point clouds (collapsed, isotropic, unrelated, ideal) against which a measure's value is calibrated."""

from collections.abc import Callable
from functools import lru_cache
from math import isclose, isfinite
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.spec import MeasureSpec

_MIN_ROWS = 1000  # of a reference, if the cloud has as many
_ROWS_PER_DIMENSION = 2  # beyond which spectra of isotropic rows change little
_NOISE = 1e-3


def reference_values(spec: MeasureSpec, cloud: Float[Tensor, "N D"] | Float[Tensor, "K N D"]) -> dict[str, float]:
    """A measure's values on reference clouds of about the same shape; those on which it raises are left out.

    They come from the spec's formula, else from at most max(1,000, 2·D) rows, scaled to the cloud's root mean square
    where the measure depends on scale.

    Args:
        spec: the measure.
        cloud: rows or views, as the measure needs.
    """
    K, (N, D) = cloud.shape[0] if cloud.ndim == 3 else 1, cloud.shape[-2:]
    if spec.references is not None:
        return spec.references(K, N, D)
    scale = 1.0 if _is_scale_invariant(spec) else float(cloud[..., :_MIN_ROWS, :].double().square().mean().sqrt())
    return dict(_measured(spec, K, min(N, max(_MIN_ROWS, _ROWS_PER_DIMENSION * D)), D, scale))


@lru_cache(maxsize=1024)
def _measured(spec: MeasureSpec, K: int, N: int, D: int, scale: float) -> tuple[tuple[str, float], ...]:
    found = []
    for name in ("collapsed", "isotropic") if spec.needs == "rows" else ("collapsed", "unrelated", "ideal"):
        try:
            value = float(spec.function(_shared(spec.shares, name, K, N, D, scale)))
        except ValueError:
            continue
        if isfinite(value):
            found.append((name, value))
    return tuple(found)


@lru_cache(maxsize=4)
def _shared(shares: Callable[[Tensor], Any] | None, name: str, K: int, N: int, D: int, scale: float) -> Any:
    cloud = reference_cloud(name, K, N, D) * scale
    return cloud if shares is None else shares(cloud)


@lru_cache(maxsize=1024)
def _is_scale_invariant(spec: MeasureSpec) -> bool:
    """Whether scaling all rows leaves a measure's value unchanged."""
    cloud = reference_cloud("isotropic" if spec.needs == "rows" else "unrelated", 2, 60, 4)
    shares = spec.shares or (lambda rows: rows)
    try:
        small, large = (float(spec.function(shares(factor * cloud))) for factor in (1, 3))
    except ValueError:
        return False
    return isclose(small, large, rel_tol=1e-4, abs_tol=1e-6)


def reference_cloud(name: str, K: int, N: int, D: int) -> Float[Tensor, "N D"] | Float[Tensor, "K N D"]:
    """One reference cloud; the same at every call.

    Args:
        name: `isotropic`: independent Gaussian rows. `ideal`: such samples with identical views. `unrelated`: such
            samples with independent views. `collapsed`: samples on one line off the origin, up to noise of a
            thousandth, with identical views.
        K: number of views; 1 for rows alone.
        N: number of samples.
        D: number of dimensions.
    """
    generator = torch.Generator().manual_seed(0)
    if name == "unrelated":
        return torch.randn(K, N, D, generator=generator)
    rows = torch.randn(N, D, generator=generator)
    if name == "collapsed":
        along = 1 + torch.randn(N, 1, generator=generator) / 2
        rows = along * torch.randn(D, generator=generator) + _NOISE * rows
    return rows if K == 1 or name == "isotropic" else rows.expand(K, N, D)
