"""Clouds whose worth is known, for a measure's value to be held against."""

from functools import lru_cache
from math import isfinite

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.catalogue import Listed

_FEWEST = 1000  # rows of a reference, if the cloud has as many
_A_DIMENSION = 2  # rows a dimension, beyond which spectra of isotropic rows change little
_NOISE = 1e-3


def reference_values(listed: Listed, K: int, N: int, D: int) -> dict[str, float]:
    """A measure's values on reference clouds of about the given shape; those that it refuses are left out.

    They are what the listing states, else taken of at most max(1,000, 2·D) rows.

    Args:
        listed: the measure.
        K: views; 1 where the cloud has none.
        N: samples.
        D: dimensions.
    """
    if listed.references is not None:
        return listed.references(K, N, D)
    return dict(_taken(listed, K, min(N, max(_FEWEST, _A_DIMENSION * D)), D))


@lru_cache(maxsize=1024)
def _taken(listed: Listed, K: int, N: int, D: int) -> tuple[tuple[str, float], ...]:
    found = []
    for name in ("collapsed", "isotropic") if listed.needs == "rows" else ("collapsed", "unrelated", "ideal"):
        try:
            value = float(listed.function(reference_cloud(name, K, N, D)))
        except ValueError:
            continue
        if isfinite(value):
            found.append((name, value))
    return tuple(found)


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
    return rows if K == 1 else rows.expand(K, N, D)
