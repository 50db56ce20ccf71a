"""What a projector with hidden layers keeps and removes around each sample, by its Jacobians."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from eigenview.linalg import row_blocks, row_space
from eigenview.measures.alignment_uniformity import check_views
from eigenview.measures.nearest_negatives import displacements, nearest_negatives

_BYTES = 64 * 2**20


@dataclass(frozen=True)
class LocalProjectors:
    """`projector_rank`, `unexplained_variance` and `nullspace_shares` with each sample's Jacobian in place of W.

    Args:
        rank: mean rank.
        min_rank: smallest rank.
        max_rank: largest rank.
        unexplained: share of the displacements to nearest negatives outside the Jacobians' row spaces, in [0, 1].
        within: share of the displacements between views of a sample in the Jacobians' null spaces, in [0, 1].
        isotropic: the same for displacements without a preferred direction, 1 − rank/d.
        between: the same for the displacements of samples (their mean features) from the mean.
    """

    rank: float
    min_rank: float
    max_rank: float
    unexplained: float
    within: float
    isotropic: float
    between: float


@torch.no_grad()
def local_projectors(
    projector: Callable[[Tensor], Tensor], h: Float[Tensor, "K P d"], tolerance: float = 0.01
) -> LocalProjectors:
    """Rank and null space of a projector that is not linear: W is its Jacobian at each sample's first view.

    A ReLU projector is linear within a region of feature space, and its Jacobian is that region's W, exactly; other
    non-linear ones are linear only in the limit of small displacements. Ranges and meanings are those of
    `projector_rank`, `unexplained_variance` and `nullspace_shares`, which agree for a linear projector. A sample
    whose units are all off has rank 0. Costs, for each sample, D products with the transposed
    Jacobian and one SVD of D × d (about 0.02 s for 128 × 512 on a core: some hundred samples are enough). Jacobians
    are computed for as many samples at a time as fit into 64 MiB, but at least one; hidden layers add their width over
    d times that. Nearest negatives are those of `nearest_negatives`.

    Args:
        projector: from features [N, d] to embeddings [N, D], each row independently; a module's batch norm and dropout
            must be in evaluation mode. It runs in its own dtype; the rest is float64.
        h: features of K ≥ 2 views of each sample.
        tolerance: directions of a Jacobian weaker than this times its strongest count as removed; 0 keeps all that
            exceed rounding, as in the paper's Eq. 10.

    Raises:
        ValueError: h, embeddings or Jacobians are not finite; fewer than two views or samples; the module's batch norm
            mixes rows, or its dropout is on.

    Source: geometry, Sec. 5, Eq. 11.
    """
    check_rowwise(projector, "projector")
    check_views(h, "a local projector", P=2)
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
    unexplained, within, between = (left / total.where(total > 0, 1)).clamp(max=1).tolist()
    isotropic = 1 - float(rank.mean()) / d
    return LocalProjectors(
        float(rank.mean()), float(rank.min()), float(rank.max()), unexplained, within, isotropic, between
    )


def _jacobians(
    projector: Callable[[Tensor], Tensor], h: Float[Tensor, "P d"], D: int
) -> Iterator[tuple[slice, Float64[Tensor, "n D d"]]]:
    """Jacobians [D, d], some samples at a time, and which samples those are."""
    P, d = h.shape
    samples = max(1, _BYTES // (8 * D * d))
    # Rows are independent, so the Jacobian of the sum over samples holds that of each.
    of_the_sum = torch.func.jacrev(lambda rows: projector(rows).sum(0))
    for start in range(0, P, samples):
        rows = slice(start, start + samples)
        yield rows, of_the_sum(cast_rows(projector, h[rows])).double().transpose(0, 1)


def _embedded(projector: Callable[[Tensor], Tensor], h: Float[Tensor, "P d"]) -> Float[Tensor, "P D"]:
    return torch.cat([projector(cast_rows(projector, block)) for block in row_blocks(h)])


def check_rowwise(net: Callable[[Tensor], Tensor], what: str) -> None:
    """Checks that a module maps each row independently of the others, and deterministically.

    Args:
        net: a module; any other function is not checked.
        what: its name in the error.

    Raises:
        ValueError: the module's batch norm mixes rows, or its dropout is on.
    """
    if not isinstance(net, nn.Module):
        return
    for name, module in net.named_modules():
        mixes, which = isinstance(module, nn.modules.batchnorm._BatchNorm), f"{type(module).__name__} {name!r}"
        if module.training and (mixes or isinstance(module, nn.modules.dropout._DropoutNd)):
            raise ValueError(f"{which} of the {what} is in training mode: call its eval() first")
        if mixes and module.running_mean is None:
            raise ValueError(f"{which} of the {what} keeps no running mean, so it mixes rows")


def cast_rows(net: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Rows in the dtype of a module's weights; for any other function in float32, or float64 if they are in that."""
    weights = net.parameters() if isinstance(net, nn.Module) else ()
    dtype = next((weight.dtype for weight in weights), torch.promote_types(rows.dtype, torch.float32))
    return rows.detach().to(dtype)
