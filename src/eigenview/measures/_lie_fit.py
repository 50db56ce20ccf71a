"""Least squares on the flow h2 = exp(Σ_m ε_m G_m) h1."""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg import row_blocks

_ORDERS = 18
"""Of the exponential's series: at norm 1 what follows is below rounding."""
_PARTS = 64
"""Beyond this norm, which takes features to where none are, a flow need not be exact."""

Strengths = Float64[Tensor, "P M"]


def flow(h: Float64[Tensor, "P d"], strengths: Strengths, G: Float64[Tensor, "M d d"]) -> Float64[Tensor, "P d"]:
    """exp(Σ_m ε_m G_m) h for each row, by the exponential's series, in as many parts as keep each below norm 1."""
    norms = torch.linalg.matrix_norm(G.detach(), 2)
    parts = min(max(1, math.ceil(float((strengths.detach().abs() @ norms).max()))), _PARTS)
    for _ in range(parts):
        term = h
        for order in range(1, _ORDERS + 1):
            moved = torch.stack([term @ generator.mT for generator in G], 2) @ strengths[:, :, None]
            term = moved[..., 0] / (order * parts)
            h = h + term
    return h


def missed(
    h1: Float[Tensor, "P d"], h2: Float[Tensor, "P d"], strengths: Strengths, G: Float64[Tensor, "M d d"]
) -> float:
    """Squared distance from the ends of the flows to where they should end."""
    return sum(float((b - flow(a, e, G)).square().sum()) for a, b, e in _blocks(h1, h2, strengths))


def fit(
    h1: Float[Tensor, "P d"], h2: Float[Tensor, "P d"], strengths: Strengths, free: bool, ridge: float, steps: int
) -> tuple[Float64[Tensor, "M d d"], Strengths]:
    """Generators and strengths of `fit_generators`; strengths move if they are free."""
    (_, M), d = strengths.shape, h1.shape[1]
    G = strengths.new_zeros(M, d, d)
    total = loss = missed(h1, h2, strengths, G)
    # In units of the mean eigenvalue of the first regression's normal equations.
    penalty = ridge * sum(float((h.norm(dim=1)[:, None] * e).square().sum()) for h, _, e in _blocks(h1, h2, strengths))
    penalty /= M * d
    for _ in range(steps if total else 0):
        before = loss
        change = _change(h1, h2, strengths, G, penalty)
        for share in (1.0, 0.5, 0.25, 0.125, 0.0625):
            trial = G + share * change
            e = fit_strengths(h1, h2, trial, strengths, 1) if free else strengths
            now = missed(h1, h2, e, trial) + penalty * float(trial.square().sum())
            if now < loss:
                G, strengths, loss = trial, e, now
                break
        if loss > (1 - 1e-6) * before or loss < 1e-20 * total:
            break
    if free:
        size = strengths.square().mean(0).sqrt()
        size = size.where(size > 0, 1.0)
        strengths, G = strengths / size, G * size[:, None, None]
    return G, strengths


def fit_strengths(
    h1: Float[Tensor, "P d"], h2: Float[Tensor, "P d"], G: Float64[Tensor, "M d d"], strengths: Strengths, steps: int
) -> Strengths:
    """Gauss–Newton steps of each row's strengths for given generators, where they bring its end nearer."""
    for _ in range(steps):
        new = []
        for start, end, e in _blocks(h1, h2, strengths):
            middle = flow(start, e / 2, G)
            miss = end - flow(middle, e / 2, G)
            speeds = (middle @ G.mT).transpose(0, 1)
            gram = speeds @ speeds.mT
            # Rows that nothing moves have no strength; the others' equations are solved to rounding.
            gram.diagonal(dim1=1, dim2=2).add_(1e-14 * gram.diagonal(dim1=1, dim2=2).sum(1, keepdim=True) + 1e-300)
            trial = e + torch.linalg.solve(gram, speeds @ miss[:, :, None])[..., 0]
            nearer = (end - flow(start, trial, G)).square().sum(1) < miss.square().sum(1)
            new.append(trial.where(nearer[:, None], e))
        strengths = torch.cat(new)
    return strengths


def _change(
    h1: Float[Tensor, "P d"],
    h2: Float[Tensor, "P d"],
    strengths: Strengths,
    G: Float64[Tensor, "M d d"],
    penalty: float,
) -> Float64[Tensor, "M d d"]:
    """The change of G by ridge regression of the residuals on the flows' midpoints."""
    M, d, _ = G.shape
    gram, products = G.new_zeros(M * d, M * d), G.new_zeros(M * d, d)
    for start, end, e in _blocks(h1, h2, strengths):
        middle = flow(start, e / 2, G)
        inputs = (e[:, :, None] * middle[:, None]).flatten(1)
        gram.addmm_(inputs.mT, inputs)
        products.addmm_(inputs.mT, end - flow(middle, e / 2, G))
    gram.diagonal().add_(penalty)
    # A pseudo-inverse: without a ridge, features may leave out directions, or all strengths be 0.
    change = torch.linalg.pinv(gram, hermitian=True) @ (products - penalty * G.mT.reshape(M * d, d))
    return change.reshape(M, d, d).mT


def start_strengths(
    h1: Float[Tensor, "P d"], h2: Float[Tensor, "P d"], M: int, seed: int, rounds: int = 30
) -> Strengths:
    """Leading left singular vectors of the matrix with rows δh ⊗ h, h whitened: what G_m explains of it is ε_m.

    By power iteration, which needs the rows only in the products B_m = Σ_i a_im δh_i h_iᵀ and a_im = δh_iᵀ B_m h_i.
    Few rounds end elsewhere for each seed.
    """
    P, d = h1.shape
    white = whitening(h1)
    generator = torch.Generator().manual_seed(seed)
    strengths = torch.randn(P, M, dtype=torch.float64, generator=generator).to(h1.device)
    for _ in range(rounds):
        strengths = torch.linalg.qr(strengths).Q
        products = white.new_zeros(M, d, white.shape[1])
        for h, end, weights in _blocks(h1, h2, strengths):
            products += torch.stack([((end - h) * w[:, None]).mT @ (h @ white) for w in weights.unbind(1)])
        parts = [
            torch.stack([((end - h) * (h @ white @ product.mT)).sum(1) for product in products], 1)
            for h, end, _ in _blocks(h1, h2, strengths)
        ]
        strengths = torch.cat(parts)
    return torch.linalg.qr(strengths).Q * math.sqrt(P)


def whitening(h: Float[Tensor, "P d"]) -> Float64[Tensor, "d r"]:
    """What makes the uncentred second moment of features the identity, in the directions that there are."""
    gram = h.new_zeros(h.shape[1], h.shape[1], dtype=torch.float64)
    for block in row_blocks(h):
        gram.addmm_(block.mT, block)
    values, vectors = torch.linalg.eigh(gram / len(h))
    kept = values > 1e-10 * values[-1]
    return vectors[:, kept] / values[kept].sqrt()


def _blocks(h1: Tensor, h2: Tensor, strengths: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    start = 0
    for a, b in zip(row_blocks(h1), row_blocks(h2), strict=True):
        yield a, b, strengths[start : start + len(a)]
        start += len(a)
