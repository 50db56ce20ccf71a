"""Polar factors UVᵀ of matrices UΣVᵀ, over the directions that a matrix has."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import all_gather, all_reduce_sum, all_reduce_sum_symmetric, world_size

# Below this share of the largest singular value the eigenvectors of a float64 Gram matrix, which squares them, are
# too blurred, and a second, well-conditioned Gram matrix is taken.
_RESOLVED_BY_GRAM = 1e-6


def polar_factor(x: Float[Tensor, "*batch N D"], across_ranks: bool = False) -> Float[Tensor, "*batch N D"]:
    """The polar factor of each matrix, in float64, from the eigenvectors of its smaller Gram matrix.

    Directions whose singular values are rounding errors are left out.

    Args:
        x: finite float64 matrices.
        across_ranks: x holds a rank's rows of larger matrices, and so does the result. Ranks exchange D×D sums, or the
            rows themselves where there are fewer of them than D.
    """
    if not across_ranks or world_size() == 1:
        return _of_wide(x) if x.shape[-2] < x.shape[-1] else _of_tall(x, shared=False)
    if world_size() * x.shape[-2] >= x.shape[-1]:
        return _of_tall(x, shared=True)
    whole = all_gather(x.movedim(-2, 0)).movedim(0, -2)
    return _of_wide(whole).chunk(world_size(), dim=-2)[torch.distributed.get_rank()]


def _of_wide(x: Tensor) -> Tensor:
    return _of_tall(x.mT, shared=False).mT


def _of_tall(x: Tensor, shared: bool) -> Tensor:
    """By x = BVᵀ with orthogonal columns in B, whose lengths know small singular values better than eigenvalues do."""
    V = torch.linalg.eigh(_gram(x, shared)).eigenvectors
    B = x @ V
    lengths = _lengths(B, shared)
    columns = B * _inverse(lengths)[..., None, :]
    polar = columns @ V.mT
    unresolved = lengths.amin(-1) <= _RESOLVED_BY_GRAM * lengths.amax(-1)
    if unresolved.any():
        polar[unresolved] = _refined(columns[unresolved], lengths[unresolved], V[unresolved], shared)
    return polar


def _refined(columns: Tensor, lengths: Tensor, V: Tensor, shared: bool) -> Tensor:
    """From columns C that are unit but not quite orthogonal: x = CΛVᵀ = Q·(SΛVᵀ) with CᵀC = S² and QᵀQ = 1.

    S² is well-conditioned, so that Q has all the digits; what is left is the polar factor of a D×D matrix.
    """
    squares, W = torch.linalg.eigh(_gram(columns, shared))
    S = squares.clamp_min(0).sqrt()
    root, inverse = (W * S[..., None, :]) @ W.mT, (W * _inverse(S)[..., None, :]) @ W.mT
    A, values, Bh = torch.linalg.svd(root @ (lengths[..., None] * V.mT))
    kept = _inverse(values) > 0
    return columns @ (inverse @ ((A * kept[..., None, :]) @ Bh))


def _gram(x: Tensor, shared: bool) -> Tensor:
    return all_reduce_sum_symmetric(x.mT @ x) if shared else x.mT @ x


def _lengths(x: Tensor, shared: bool) -> Tensor:
    return all_reduce_sum(x.square().sum(-2)).sqrt() if shared else torch.linalg.vector_norm(x, dim=-2)


def _inverse(values: Tensor) -> Tensor:
    """1/values, and 0 for those that are rounding errors beside the largest."""
    rounding = 16 * values.shape[-1] * torch.finfo(values.dtype).eps * values.amax(-1, keepdim=True)
    return torch.where(values > rounding, 1 / values, 0.0)
