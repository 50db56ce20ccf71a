"""Small nets with two outputs, and their loss as a function of the scale of each output."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview.objectives import InfoNCE
from eigenview.theory.landscape import EffectiveLandscape, infonce_origin, loss_of_last_layer, view_covariances

INPUTS, WIDTH, POINTS = 32, 32, 105


@dataclass(frozen=True)
class OutputSlice:
    """The loss of a trained net over a matrix that multiplies its two outputs, scaled to unit variance.

    Args:
        loss: the loss as a function of the 2 × 2 matrix.
        effective: the loss to fourth order, for Gaussian outputs.
        spread: standard deviations of the trained outputs, the larger one first.
    """

    loss: Callable[[np.ndarray | Tensor], Float[Tensor, ""]]
    effective: EffectiveLandscape
    spread: Float[np.ndarray, "2"]

    def curvature(self, r1: float, r2: float, step: float = 1e-2) -> float:
        """Half the loss's curvature at the origin along W = diag(r1, r2), which −Tr WBWᵀ predicts."""
        there = self.loss(step * np.diag([r1, r2]).astype(np.float64))
        return float(there - self.loss(np.zeros((2, 2)))) / step**2


def train_output_slice(
    nonlinearity: type[nn.Module], noise: float, objective: InfoNCE, steps: int, views: int
) -> OutputSlice:
    """Trains a net of three layers by SGD on views x + ε, and rotates its outputs to their principal axes."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(POINTS, INPUTS, generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        hidden = nn.Linear(INPUTS, WIDTH), nonlinearity(), nn.Linear(WIDTH, WIDTH), nonlinearity()
        net = nn.Sequential(*hidden, nn.Linear(WIDTH, 2, bias=False))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        objective(net(x + noise * torch.randn(2, *x.shape, generator=generator))).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        z = net(x + noise * torch.randn(2 * views, *x.shape, generator=generator)).double()
    rows = (z - z.mean((0, 1))).flatten(0, 1)
    _, lengths, axes = torch.linalg.svd(rows, full_matrices=False)
    spread = lengths / len(rows) ** 0.5
    z = z @ axes.T / spread
    losses = [loss_of_last_layer(objective, pair) for pair in z.split(2)]
    A0, C = view_covariances(z.numpy())
    alpha, rho = objective.positive_weight, objective.repulsion
    B = infonce_origin(A0, C, repulsion=rho, partner_share=alpha / (alpha + POINTS - 1))
    effective = EffectiveLandscape(B, A0 + C, 0.75 * rho)
    return OutputSlice(lambda M: torch.stack([loss(M) for loss in losses]).mean(), effective, spread.numpy())
