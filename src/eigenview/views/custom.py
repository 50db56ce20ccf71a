"""View transforms from outside the package, named by import paths."""

from collections.abc import Callable
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._names import resolve
from eigenview.views.policy import ViewPolicy

Transform = Callable[[Tensor, torch.Generator], Tensor]


def apply_custom(
    views: Float[Tensor, "N C S S"], policy: ViewPolicy, generator: torch.Generator
) -> Float[Tensor, "N C S S"]:
    """The policy's custom transforms, one after another, each clipped to [0, 1].

    Args:
        views: a block of views in [0, 1]; it may be modified in place.
        policy: its `custom` is used.
        generator: source of all random numbers, on the CPU or on the views' device.

    Raises:
        UsageError: a transform cannot be imported, or does not return views of the same shape and dtype.
    """
    for path in policy.custom:
        transformed = _imported(path)(views, generator)
        if not isinstance(transformed, Tensor):
            raise UsageError(
                f"view transform '{path}' must return a tensor of views, not a {type(transformed).__name__}"
            )
        if (transformed.shape, transformed.dtype) != (views.shape, views.dtype):
            raise UsageError(
                f"view transform '{path}' must return views {[*views.shape]} of {views.dtype}, "
                f"not {[*transformed.shape]} of {transformed.dtype}"
            )
        views = transformed.to(views.device).clamp(0.0, 1.0)
    return views


@lru_cache(maxsize=32)
def _imported(path: str) -> Transform:
    return resolve(path, {}, "view transform")
