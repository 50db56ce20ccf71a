"""What a projector with hidden layers sees and removes, around each sample."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg import row_blocks, row_space
from eigenview.measures._module_checks import as_taken, check_rows_stay_apart
from eigenview.measures.alignment_uniformity import check_views
from eigenview.measures.negatives import displacements, nearest_negatives

_BYTES = 64 * 2**20


@dataclass(frozen=True)
class LocalProjectors:
    """What `projector_rank`, `unexplained_variance` and `removed_share` say, each sample's own Jacobian being W.

    Args:
        rank: mean rank.
        least_rank: the smallest.
        most_rank: the largest.
        unexplained: share of the displacements to nearest negatives that Jacobians do not see, in [0, 1].
        removed: share of the displacements between views of a sample that lies in their kernels, in [0, 1].
        isotropic: the same for displacements without a preferred direction, 1 − rank/d.
        between: the same for the displacements of samples (their mean features) from the mean.
    """

    rank: float
    least_rank: float
    most_rank: float
    unexplained: float
    removed: float
    isotropic: float
    between: float


@torch.no_grad()
def local_projectors(
    projector: Callable[[Tensor], Tensor], h: Float[Tensor, "K P d"], tolerance: float = 0.01
) -> LocalProjectors:
    """The projector's measures where it is not linear: W is its Jacobian at each sample's first view.

    A ReLU projector is linear within a region of feature space, and its Jacobian is that region's W, exactly; other
    non-linear ones are linear only in the limit of small displacements. Ranges and readings are those of
    `projector_rank`, `unexplained_variance` and `removed_share`, which a linear projector gives to rounding. A sample
    whose units are all off has rank 0 and sees nothing. Costs, for each sample, D products with the transposed
    Jacobian and one SVD of D × d (about 0.02 s for 128 × 512 on a core: some hundred samples say enough); Jacobians
    are made for as many samples at a time as take 64 MiB, but at least one, and hidden layers add their width over d
    times that. Nearest negatives are sought as by `nearest_negatives`.

    Args:
        projector: from features [N, d] to embeddings [N, D], each row for itself; a module in evaluation mode (its
            batch norm's and dropout's, that is). Runs in its own dtype, its derivatives in float64.
        h: features of K ≥ 2 views of each sample.
        tolerance: directions of a Jacobian weaker than this times its strongest count as removed; 0 keeps all that
            are not rounding, as the paper's Eq. 10 has it.

    Raises:
        ValueError: h, embeddings or Jacobians that are not finite; fewer than two views or samples; a module whose
            batch norm mixes rows, or whose dropout is on.

    Source: geometry, Sec. 5, Eq. 11.
    """
    check_rows_stay_apart(projector, "projector")
    check_views(h, "what local projectors remove", P=2)
    K, P, d = h.shape
    z = torch.stack([_embedded(projector, view) for view in h])
    delta = displacements(h, nearest_negatives(z))
    mean = torch.stack([block.sum(0) for view in h for block in row_blocks(view)]).sum(0) / (K * P)
    ranks, left, total = [], h.new_zeros(3, dtype=torch.float64), h.new_zeros(3, dtype=torch.float64)
    for rows, jacobians in _jacobians(projector, h[0], z.shape[2]):
        seen = row_space(jacobians, tolerance)
        ranks.append(seen.rank)
        views = h[:, rows].double()
        centres = views.mean(0)
        moves = (delta[rows].double()[:, None], (views - centres).transpose(0, 1), (centres - mean)[:, None])
        left += torch.stack([seen.outside(move).square().sum() for move in moves])
        total += torch.stack([move.square().sum() for move in moves])
    rank = torch.cat(ranks).double()
    unexplained, removed, between = (left / total.where(total > 0, 1)).clamp(max=1).tolist()
    isotropic = 1 - float(rank.mean()) / d
    return LocalProjectors(
        float(rank.mean()), float(rank.min()), float(rank.max()), unexplained, removed, isotropic, between
    )


def _jacobians(
    projector: Callable[[Tensor], Tensor], h: Float[Tensor, "P d"], D: int
) -> Iterator[tuple[slice, Float64[Tensor, "n D d"]]]:
    """Jacobians [D, d] at some samples at a time, and which."""
    P, d = h.shape
    samples = max(1, _BYTES // (8 * D * d))
    # Rows stay apart, so the Jacobian of the sum over samples holds that of each.
    of_the_sum = torch.func.jacrev(lambda rows: projector(rows).sum(0))
    for start in range(0, P, samples):
        rows = slice(start, start + samples)
        yield rows, of_the_sum(as_taken(projector, h[rows])).double().transpose(0, 1)


def _embedded(projector: Callable[[Tensor], Tensor], h: Float[Tensor, "P d"]) -> Float[Tensor, "P D"]:
    return torch.cat([projector(as_taken(projector, block)) for block in row_blocks(h)])
