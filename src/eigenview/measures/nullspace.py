"""What a linear projector removes: of augmentations, and of anything else."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import row_space, view_blocks
from eigenview.measures.alignment_uniformity import check_views


@dataclass(frozen=True)
class Removed:
    """Shares of squared length that lie in the projector's kernel, in [0, 1].

    Args:
        share: of the displacements between views of a sample.
        isotropic: of displacements without a preferred direction, 1 − rank/d: what no choice of directions removes.
        between: of the displacements between samples (their mean features).
    """

    share: float
    isotropic: float
    between: float


def removed_share(W: Float[Tensor, "D d"], h: Float[Tensor, "K P d"], tolerance: float = 0.01) -> Removed:
    """How much of what augmentation moves lies in the projector's kernel, beside two references; all in [0, 1].

    A share above `isotropic` and `between` is a projector that removes augmentations in particular; equal shares are
    one that removes whatever comes. Views that coincide leave nothing to remove: 0, and so does a single sample for
    `between`. A low share does not mean that embeddings differ: the cosine of two views is 1 wherever W h2 = c·W h1,
    also for c ≠ 1 and so with nothing removed (the paper's Prop. 4.1 overlooks it). The samples' mean features still
    hold 1/K of the augmentation's variance, which draws `between` towards `share`. Costs one SVD of W, 4·K·P·d·rank
    operations in two passes, and 256 MiB.

    Args:
        W: weight of the projector as torch keeps it, an output a row: z = h Wᵀ.
        h: features of K ≥ 2 views of each sample.
        tolerance: directions of W weaker than this times its strongest count as removed.

    Raises:
        ValueError: W or h that are not finite or empty, fewer than two views, features of another
            dimension than W takes, or a tolerance not in [0, 1].

    Source: geometry, Prop. 4.1 and Sec. 4 (the references are ours).
    """
    check_views(h, "what augmentation moves")
    seen = row_space(W, tolerance)
    mean = torch.stack([views.mean(0).sum(0) for views in view_blocks(h)]).sum(0) / h.shape[1]
    within, between = _Share(), _Share()
    for views in view_blocks(h):
        # Σ over pairs of views ‖h_k − h_l‖² is K times that of those to the centre; for two views it is just h2 − h1.
        centre = views.mean(0)
        views -= centre
        within.add(views, seen.outside(views))
        between.add(centre - mean, seen.outside(centre - mean))
    return Removed(within.value, 1 - float(seen.rank) / h.shape[-1], between.value)


class _Share:
    """A share of squared lengths, summed as they come."""

    def __init__(self) -> None:
        self.part = self.whole = 0.0

    def add(self, whole: Tensor, part: Tensor) -> None:
        self.whole += float(whole.square().sum())
        self.part += float(part.square().sum())

    @property
    def value(self) -> float:
        return min(self.part / self.whole, 1.0) if self.whole else 0.0
