"""What a linear projector keeps and what its null space removes: augmentations, tangent directions, samples."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import row_blocks, row_space, view_blocks
from eigenview.measures.alignment_uniformity import check_views


@dataclass(frozen=True)
class NullspaceShares:
    """Shares of squared length that lie in the projector's null space, in [0, 1].

    Args:
        within: share for displacements between the views of a sample.
        isotropic: share for displacements without a preferred direction, 1 − rank/d.
        between: share for displacements between samples (their mean features).
    """

    within: float
    isotropic: float
    between: float


def projector_rank(W: Float[Tensor, "D d"], tolerance: float = 0.01) -> float:
    """How many singular values of W are at least `tolerance` times the largest: between 0 and min(D, d).

    High is a projector that keeps what it is given; low, far below D, is the collapse that strong augmentations are
    said to cause. A matrix of zeros has rank 0. The paper never states its threshold; ours is relative to the largest
    singular value, so that the scale of W does not matter, and 0.01 is our choice. `effective_rank(W)` needs no
    threshold. Costs one SVD of W.

    Args:
        W: weight of the projector as torch stores it, one row for each output: z = h Wᵀ.
        tolerance: relative to the largest singular value; 0 counts all that exceed rounding.

    Raises:
        ValueError: W is not finite or is empty; tolerance is not in [0, 1].

    Source: geometry, Eq. 2 (made relative).
    """
    return float(row_space(W, tolerance).rank)


def unexplained_variance(W: Float[Tensor, "D d"], displacements: Float[Tensor, "N d"], tolerance: float = 0.0) -> float:
    """Share of the displacements' squared length outside the row space of W: Σ min_t ‖δh − Wᵀt‖² / Σ ‖δh‖², in [0, 1].

    Low is a projector whose row space contains the displacements. For `displacements(h, nearest_negatives(z))`, an
    estimate of the data's tangent plane, it is said to fall sharply at the start of training. High is a projector
    that sees other directions; for isotropic displacements it is 1 − rank/d. Displacements of zeros give 0. Costs one
    SVD of W and 4·N·d·rank operations; 128 MiB above W's.

    Args:
        W: weight of the projector as torch stores it, one row for each output: z = h Wᵀ (the paper's columns of W).
        displacements: one displacement in feature space a row; not centred.
        tolerance: directions of W weaker than this times its strongest do not count. At 0, the paper's equation to
            the letter, all directions above rounding count; at 0.01, those that `projector_rank` counts by default.

    Raises:
        ValueError: W or displacements are not finite or are empty; displacements have another dimension than W takes;
            tolerance is not in [0, 1].

    Source: geometry, Eq. 10 and Fig. 7.
    """
    if not displacements.numel():
        raise ValueError(f"displacements of {displacements.shape[0]} × {displacements.shape[1]} are empty")
    seen = row_space(W, tolerance)
    left = total = 0.0
    for block in row_blocks(displacements, "displacements"):
        total += float(block.square().sum())
        left += float(seen.outside(block).square().sum())
    return min(left / total, 1.0) if total else 0.0


def nullspace_shares(W: Float[Tensor, "D d"], h: Float[Tensor, "K P d"], tolerance: float = 0.01) -> NullspaceShares:
    """How much of augmentation's displacements lies in the projector's null space, and two references; all in [0, 1].

    If `within` is above `isotropic` and `between`, the projector removes augmentations in particular; if all are
    equal, it removes any direction alike. Views that coincide give 0, and so does a single sample for `between`. A low
    share does not mean that embeddings differ: the cosine of two views is 1 wherever W h2 = c·W h1,
    also for c ≠ 1 and so with nothing removed (the paper's Prop. 4.1 overlooks it). The samples' mean features still
    hold 1/K of the augmentation's variance, which draws `between` towards `within`. Costs one SVD of W, 4·K·P·d·rank
    operations in two passes, and 256 MiB.

    Args:
        W: weight of the projector as torch stores it, one row for each output: z = h Wᵀ.
        h: features of K ≥ 2 views of each sample.
        tolerance: directions of W weaker than this times its strongest count as removed.

    Raises:
        ValueError: W or h is not finite or is empty; fewer than two views; features have another dimension than W
            takes; tolerance is not in [0, 1].

    Source: geometry, Prop. 4.1 and Sec. 4 (the references are ours).
    """
    check_views(h, "the null space's share")
    seen = row_space(W, tolerance)
    mean = torch.stack([views.mean(0).sum(0) for views in view_blocks(h)]).sum(0) / h.shape[1]
    within, between = _Share(), _Share()
    for views in view_blocks(h):
        # Σ over pairs of views ‖h_k − h_l‖² is K times that of those to the centre; for two views it is just h2 − h1.
        centre = views.mean(0)
        views -= centre
        within.add(views, seen.outside(views))
        between.add(centre - mean, seen.outside(centre - mean))
    return NullspaceShares(within.value, 1 - float(seen.rank) / h.shape[-1], between.value)


class _Share:
    """A ratio of sums of squared lengths, accumulated block by block."""

    def __init__(self) -> None:
        self.part = self.whole = 0.0

    def add(self, whole: Tensor, part: Tensor) -> None:
        self.whole += float(whole.square().sum())
        self.part += float(part.square().sum())

    @property
    def value(self) -> float:
        return min(self.part / self.whole, 1.0) if self.whole else 0.0
