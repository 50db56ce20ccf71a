"""Clouds whose worth is known, for a measure's value to be held against."""

from collections.abc import Callable
from functools import lru_cache
from math import isclose, isfinite
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.catalogue import MeasureSpec

_FEWEST = 1000  # rows of a reference, if the cloud has as many
_A_DIMENSION = 2  # rows a dimension, beyond which spectra of isotropic rows change little
_NOISE = 1e-3


def reference_values(listed: MeasureSpec, cloud: Float[Tensor, "N D"] | Float[Tensor, "K N D"]) -> dict[str, float]:
    """A measure's values on reference clouds of about the shape of another; those that it refuses are left out.

    They are what the listing states, else taken of at most max(1,000, 2·D) rows, as large as the cloud's where the
    measure depends on how large they are.

    Args:
        listed: the measure.
        cloud: rows where it needs no more, else views.
    """
    K, (N, D) = cloud.shape[0] if cloud.ndim == 3 else 1, cloud.shape[-2:]
    if listed.references is not None:
        return listed.references(K, N, D)
    scale = 1.0 if _is_free_of_scale(listed) else float(cloud[..., :_FEWEST, :].double().square().mean().sqrt())
    return dict(_taken(listed, K, min(N, max(_FEWEST, _A_DIMENSION * D)), D, scale))


@lru_cache(maxsize=1024)
def _taken(listed: MeasureSpec, K: int, N: int, D: int, scale: float) -> tuple[tuple[str, float], ...]:
    found = []
    for name in ("collapsed", "isotropic") if listed.needs == "rows" else ("collapsed", "unrelated", "ideal"):
        try:
            value = float(listed.function(_shared(listed.shares, name, K, N, D, scale)))
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
def _is_free_of_scale(listed: MeasureSpec) -> bool:
    """Whether a measure's value stays when all rows are made larger."""
    cloud = reference_cloud("isotropic" if listed.needs == "rows" else "unrelated", 2, 60, 4)
    shares = listed.shares or (lambda rows: rows)
    try:
        small, large = (float(listed.function(shares(factor * cloud))) for factor in (1, 3))
    except ValueError:
        return False
    return isclose(small, large, rel_tol=1e-4, abs_tol=1e-6)


def reference_cloud(name: str, K: int, N: int, D: int) -> Float[Tensor, "N D"] | Float[Tensor, "K N D"]:
    """One reference, the same whenever it is asked for.

    Args:
        name: `isotropic`: independent Gaussian rows. `ideal`: such samples, whose views agree. `unrelated`: such
            samples, whose views have nothing in common. `collapsed`: samples on one line off the origin, but for a
            thousandth; their views agree.
        K: views; 1 for rows without.
        N: samples.
        D: dimensions.
    """
    generator = torch.Generator().manual_seed(0)
    if name == "unrelated":
        return torch.randn(K, N, D, generator=generator)
    rows = torch.randn(N, D, generator=generator)
    if name == "collapsed":
        along = 1 + torch.randn(N, 1, generator=generator) / 2
        rows = along * torch.randn(D, generator=generator) + _NOISE * rows
    return rows if K == 1 or name == "isotropic" else rows.expand(K, N, D)
