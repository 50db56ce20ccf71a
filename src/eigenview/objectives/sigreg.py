"""LeJEPA: sketched isotropic Gaussian regularisation."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.distributed import mean_over_ranks, world_size
from eigenview.objectives.base import Objective, Reference

_LAST_KNOT = 3.0


class SIGReg(Objective):
    """Prediction of each view by the mean of all, with embeddings held to a standard normal law.

    Along random directions, which change with every training step, the empirical characteristic function is compared
    with the normal one (Epps–Pulley). The statistic is P times their squared distance, weighted by exp(−t²/2) and
    integrated over [−3, 3] by trapezoids; its mean is over directions and views.

    Directions come from a generator of their own, seeded by `seed` and the buffer `step`, which a call in training
    mode advances by one: they are the same on all ranks, and in a run that was resumed with its `step`. In evaluation
    mode they stay, and the loss is a fixed function.

    Args:
        weight: λ of the statistic, from 0 to 1; 1 − λ is the prediction's.
        slices: directions a step.
        knots: points of the trapezoids on [0, 3]; by symmetry the others are theirs.
        seed: of the directions.

    Raises:
        UsageError: a weight outside [0, 1], fewer than one slice or two knots, or a negative seed.

    Source: Balestriero & LeCun 2025 (LeJEPA), Sec. 4; constants of the authors' short code.
    """

    views_needed = 1
    samples_needed = 1
    step: Tensor

    def __init__(self, weight: float = 0.02, slices: int = 256, knots: int = 17, seed: int = 0) -> None:
        super().__init__()
        if not 0 <= weight <= 1:
            raise UsageError(f"weight must be from 0 to 1, not {weight}")
        for name, value, least in [("slices", slices, 1), ("knots", knots, 2), ("seed", seed, 0)]:
            if value < least:
                raise UsageError(f"{name} must be {least} or more, not {value}")
        self.weight, self.slices, self.knots, self.seed = weight, slices, knots, seed
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`prediction` and `gaussianity`, weighted."""
        prediction = (z - z.mean(0)).square().mean()
        t, normal, measure = (torch.from_numpy(x).to(z) for x in self._quadrature())
        real, imaginary = mean_over_ranks(_Characteristic.apply(z @ self.directions(z.shape[2]).to(z), t))
        statistic = world_size() * z.shape[1] * ((real - normal).square() + imaginary.square()) @ measure
        self.step += self.training
        return {
            "prediction": (1 - self.weight) * mean_over_ranks(prediction),
            "gaussianity": self.weight * statistic.mean(),
        }

    def directions(self, D: int) -> Float[Tensor, "D slices"]:
        """The unit columns that the next call projects on."""
        draws = np.random.default_rng([self.seed, int(self.step)]).standard_normal((D, self.slices))
        return torch.from_numpy(draws / np.linalg.norm(draws, axis=0))

    def _quadrature(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Knots, the normal characteristic function there, and what its squared distance there counts for."""
        t, step = np.linspace(0, _LAST_KNOT, self.knots, retstep=True)
        normal = np.exp(-np.square(t) / 2)
        trapezoids = np.full(self.knots, 2 * step)
        trapezoids[[0, -1]] = step
        return t, normal, trapezoids * normal

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Collapsed is at the origin, where a point comes closest: its characteristic function is 1.

        Uniform is in direction: rows are standard normal draws, as the regulariser wants them. The mean squared
        distance of the empirical from the true characteristic function φ is then (1 − φ²)/P, exactly.

        Best: both terms are sums of squares. A batch reaches 0 in one dimension and with few knots; else it is a bound.
        """
        self.check_shape(K, P)
        _, normal, measure = self._quadrature()
        collapsed = P * float((1 - normal) ** 2 @ measure)
        uniform = float((1 - normal**2) @ measure)
        return Reference(collapsed=self.weight * collapsed, uniform=self.weight * uniform, best=0.0)


class _Characteristic(torch.autograd.Function):
    """Mean cosine and sine of t·x over a rank's samples, a knot at a time: neither way are P×slices×knots numbers held.

    From projections x[K, P, slices] and knots t to [2, K, slices, knots].
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(x, t)
        means = [torch.stack([(knot * x).cos().mean(1), (knot * x).sin().mean(1)]) for knot in t]
        return torch.stack(means, dim=-1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        x, t = ctx.saved_tensors
        real, imaginary = gradients[0][:, :, None] * t / x.shape[1]
        gradient = torch.zeros_like(x)
        for i, knot in enumerate(t):
            angle = knot * x
            gradient += imaginary[..., i] * angle.cos() - real[..., i] * angle.sin()
        return gradient, None
