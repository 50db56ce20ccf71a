"""Linear nets on normal data, trained until their modes settle."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.objectives.base import Objective
from eigenview.papers.experiment import Scale
from eigenview.papers.processes import process_pool
from eigenview.papers.run_cache import RunCache

SAMPLES, DIMENSIONS = 100, 32
"""The paper's data, N(0, I₃₂). It gives no number of points; 100 have the smallest variance of 0.2 that it reports."""
_MOMENTUM = 0.9
_START = 0.1  # root mean square length of the initial embeddings
_ADAMS_RATE, _ADAMS_STEPS = 6e-4, 5000  # the paper's
_SIGNS = tuple(product((1, -1), repeat=2))


@dataclass(frozen=True, eq=False)
class Net:
    """A net f(x) = Wx with as many outputs as inputs, and what it is trained on.

    Args:
        objective: the objective, of two views of all data.
        x: the data, [N, d], of mean 0.
        sigma: standard deviation of the noise of a view.
        seed: random seed of the initial weights and the noise.
    """

    objective: Objective
    x: np.ndarray
    sigma: float
    seed: int = 0


def normal_data(N: int, a: Float[np.ndarray, "d"], seed: int, exactly: bool = False) -> Float64[np.ndarray, "N d"]:
    """Normal points of mean 0 and covariance diag(a); with `exactly`, their sample covariance is diag(a), too."""
    x = np.random.default_rng(seed).normal(size=(N, len(a)))
    x -= x.mean(0)
    if exactly:
        x = np.linalg.qr(x)[0] * np.sqrt(N - 1)
    return x * np.sqrt(a)


def train_weights(nets: Sequence[Net], scale: Scale, steps: int, rate: float, runs: RunCache) -> list[np.ndarray]:
    """W of each net: at `gpu` by the paper's Adam, else by gradient descent in coordinates where Σ is the identity.

    Args:
        nets: the nets to train.
        scale: decides on Adam or gradient descent.
        steps: number of steps of gradient descent, over which its learning rate decays to nearly 0.
        rate: highest learning rate times the largest share of clean variance, a/(a + σ²), at which modes grow.
        runs: gives the number of processes, and is told the progress.
    """
    train = _by_adam if scale == "gpu" else partial(_by_descent, steps=steps, rate=rate)
    weights = []
    with process_pool(runs.workers) if runs.workers > 1 else nullcontext() as pool:
        for W in (pool.map if pool else map)(train, nets):
            weights.append(W)
            runs.report(f"{len(weights)} of {len(nets)} nets")
    return weights


def _by_descent(net: Net, steps: int, rate: float) -> Float64[np.ndarray, "d d"]:
    # Each step's loss is a mean over both signs of both views' noise: to second order the noise then contributes only
    # its covariance, in which weak modes do not drown.
    a, axes = np.linalg.eigh(np.cov(net.x.T))
    whiten = 1 / np.sqrt(a + net.sigma**2)
    generator = torch.Generator().manual_seed(net.seed)
    clean, spread = torch.from_numpy(net.x @ axes * whiten), torch.from_numpy(net.sigma * whiten)
    V = _first_weights(len(a), generator)
    highest = rate * float((a[-1] + net.sigma**2) / a[-1])
    descent = torch.optim.SGD([V], lr=highest, momentum=_MOMENTUM)
    cooling = torch.optim.lr_scheduler.OneCycleLR(
        descent, highest, steps, pct_start=0.05, cycle_momentum=False, final_div_factor=1e3
    )
    for _ in range(steps):
        noise = spread * torch.randn(2, *clean.shape, generator=generator, dtype=clean.dtype)
        descent.zero_grad()
        for signs in _SIGNS:
            views = clean + torch.tensor(signs, dtype=clean.dtype)[:, None, None] * noise
            (net.objective(views @ V.T) / len(_SIGNS)).backward()
        descent.step()
        cooling.step()
    return V.detach().numpy() * whiten @ axes.T


def _by_adam(net: Net) -> Float64[np.ndarray, "d d"]:
    generator, clean = torch.Generator().manual_seed(net.seed), torch.from_numpy(net.x)
    W = _first_weights(clean.shape[1], generator)
    descent = torch.optim.Adam([W], lr=_ADAMS_RATE)
    for _ in range(_ADAMS_STEPS):
        noise = net.sigma * torch.randn(2, *clean.shape, generator=generator, dtype=clean.dtype)
        descent.zero_grad()
        net.objective((clean + noise) @ W.T).backward()
        descent.step()
    return W.detach().numpy()


def _first_weights(d: int, generator: torch.Generator) -> Float64[Tensor, "d d"]:
    """Orthogonal initial weights: a square Gaussian matrix has some direction so small that it takes long to grow."""
    W = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64))[0]
    return (_START * W / d**0.5).requires_grad_()


def spectra(weights: Sequence[np.ndarray]) -> Float64[np.ndarray, "n d"]:
    """Eigenvalues of WᵀW, largest first, one row for each W."""
    return np.square(np.linalg.svd(np.array(weights), compute_uv=False))


def predicted_spectrum(
    modes: Float[np.ndarray, "d"], a: Float[np.ndarray, "d"], sigma: float
) -> Float64[np.ndarray, "d"]:
    """Eigenvalues of WᵀW, largest first, from the embeddings' variances along the modes, in the order of a."""
    return np.sort(modes / (a + sigma**2))[::-1]


def clean_variances(x: Float[np.ndarray, "N d"]) -> Float64[np.ndarray, "d"]:
    """Eigenvalues a of the data's covariance, largest first: those of A0."""
    return np.linalg.eigvalsh(np.cov(x.T))[::-1]
