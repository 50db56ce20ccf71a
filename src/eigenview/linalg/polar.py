"""Polar factors UVᵀ of matrices UΣVᵀ over their nonzero directions, by three methods.

`polar_factor` works in float64, `polar_factor_by_gram` in float32 where that is accurate enough, and
`polar_factor_by_iteration` by matrix products alone, for devices that are fast at little else. The last two fall back
on the first.
"""

import contextlib
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import all_gather, all_reduce_sum, all_reduce_sum_symmetric, world_size

# Below this share of the largest singular value the eigenvectors of a float64 Gram matrix, which squares them, are
# too blurred, and a second, well-conditioned Gram matrix is taken.
_RESOLVED_BY_GRAM = 1e-6

# In float32 a direction is blurred where rounding may turn it by more than this angle: a small one, because the
# smallest direction takes up some of every turn.
_BLURRED = 2e-4
# Treat blurred directions separately if they are at most this share of all, and their singular values at least this
# share of the root mean square.
_FEW, _LEAST = 1 / 8, 1e-4
# Largest tolerated relative error of the sum of singular values.
_SUM = 5e-6

# Odd quintic polynomials ax + bx³ + cx⁵ that bring singular values to 1. The first is for values in [0, 1], the second
# maps [0, 2] to itself and multiplies small values by four, the others finish. Source: Polar Express, Amsel et al.
# 2025, Alg. 1 (for a least singular value of 1e-3).
_FIRST = (8.28721201814563, -23.595886519098837, 17.300387312530933)
_GROW = (4.107059111542203, -2.9478499167379106, 0.5448431082926601)
_FINISH = (
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.875, -1.25, 0.375),
    (1.875, -1.25, 0.375),
)
_GROWTHS = 5
_ORTHONORMAL = 0.1


def polar_factor(x: Float[Tensor, "*batch N D"], across_ranks: bool = False) -> Float[Tensor, "*batch N D"]:
    """The polar factor of each matrix in float64, from the eigenvectors of its smaller Gram matrix.

    Directions whose singular values are rounding errors are left out.

    Args:
        x: finite float64 matrices.
        across_ranks: x holds this process's rows of larger matrices, and so does the result. Processes exchange D×D
            sums, or the rows themselves where there are fewer of them than D.
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
    """From x = BVᵀ with orthogonal columns in B: their lengths resolve smaller singular values than eigenvalues do."""
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

    S² is well-conditioned, so Q is accurate to all digits; the rest is the polar factor of a D×D matrix.
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
    """1/values, and 0 for values that are rounding errors beside the largest."""
    rounding = 16 * values.shape[-1] * torch.finfo(values.dtype).eps * values.amax(-1, keepdim=True)
    return torch.where(values > rounding, 1 / values, 0.0)


def polar_factor_by_gram(x: Float[Tensor, "*batch N D"]) -> Float[Tensor, "*batch N D"]:
    """The polar factor of each matrix from its smaller Gram matrix, in float32, or float64 where its spectrum needs it.

    A square matrix has a few directions that are too small for float32: those alone are recomputed in float64.

    Args:
        x: finite float32 matrices.
    """
    wide = x.shape[-2] < x.shape[-1]
    gram = _smaller_gram(x)
    largest = gram.diagonal(dim1=-2, dim2=-1).amax(-1)
    if not ((largest > 1e-12) & (largest < 1e12)).all():
        # By a power of two, which rounds nothing, so that squares stay within range.
        x = torch.ldexp(x, -torch.frexp(x.abs().amax((-2, -1), keepdim=True)).exponent)
        gram = _smaller_gram(x)
    squares, V = torch.linalg.eigh(gram)
    turns = _turns(squares)
    blurred = ~(turns < _BLURRED)
    root = (V * squares.rsqrt().masked_fill(blurred, 0)[..., None, :]) @ V.mT
    polar = root @ x if wide else x @ root
    good = ~blurred.any(-1)
    if x.ndim == 2 and 0 < (few := int(blurred.sum())) <= _FEW * len(squares):
        # Eigenvalues ascend, so these are the first.
        rest, least = _apart(x.mT if wide else x, V[:, :few])
        polar, good = polar + (rest.mT if wide else rest), least > _LEAST * squares.mean().sqrt()
    values = squares.clamp_min(0).sqrt()
    good = good & ((values * turns.clamp_max(_BLURRED)).sum(-1) < _SUM * values.sum(-1))
    if not good.all():
        polar[~good] = polar_factor(x[~good].double()).float()
    return polar


def _smaller_gram(x: Tensor) -> Tensor:
    return x @ x.mT if x.shape[-2] < x.shape[-1] else x.mT @ x


def _turns(squares: Tensor) -> Tensor:
    """The angle, in radians, by which rounding may turn each direction.

    Entries of a Gram matrix are rounded by about ε times its mean eigenvalue; its eigenvalues also by a fraction of ε
    times the largest.
    """
    rounding = torch.finfo(squares.dtype).eps
    return rounding * (2 * squares.mean(-1, keepdim=True) + 0.05 * squares[..., -1:]) / (2 * squares.clamp_min(0))


def _apart(x: Tensor, V: Tensor) -> tuple[Tensor, Tensor]:
    """The polar factor of x on the span of V's columns, and the least singular value there."""
    V = V.double()
    left, values, right = torch.linalg.svd(x.double() @ V, full_matrices=False)
    return (left @ (right @ V.mT)).float(), values[-1]


def polar_factor_by_iteration(x: Float[Tensor, "*batch N D"]) -> Float[Tensor, "*batch N D"]:
    """The polar factor of each matrix by 12 quintic iterations, or in float64 where they miss a direction.

    The iterations bring singular values from about 1e-5 of the largest to 1. A collapsed batch has smaller ones, which
    neither they nor an SVD can distinguish from rounding in float32.

    Args:
        x: finite float32 matrices. Products are taken in full float32, not in TF32.
    """
    polar = _iterate(x) if x.shape[-2] <= x.shape[-1] else _iterate(x.mT).mT
    short = polar if x.shape[-2] <= x.shape[-1] else polar.mT
    missing = short @ short.mT - torch.eye(short.shape[-2], device=x.device)
    unresolved = torch.linalg.matrix_norm(missing) > _ORTHONORMAL
    if unresolved.any():
        polar = polar.clone()
        polar[unresolved] = polar_factor(x[unresolved].double()).float()
    return polar


def _iterate(x: Tensor) -> Tensor:
    largest = x.abs().amax((-2, -1), keepdim=True)
    x = x / torch.where(largest > 0, largest, 1.0)
    # The Frobenius norm bounds the largest singular value; a hundredth above it leaves room for rounding.
    length = 1.01 * torch.linalg.matrix_norm(x, keepdim=True)
    x = x / torch.where(length > 0, length, 1.0)
    with _full_float32():
        for a, b, c in (_FIRST, *[_GROW] * _GROWTHS, *_FINISH):
            gram = x @ x.mT
            x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@contextlib.contextmanager
def _full_float32() -> Iterator[None]:
    """Turns TF32 off for a while, whatever the user has chosen for everything else."""
    matmul = torch.backends.cuda.matmul
    chosen = matmul.fp32_precision
    matmul.fp32_precision = "ieee"
    try:
        yield
    finally:
        matmul.fp32_precision = chosen
