"""InfoNCE in SimCLR's form."""

from itertools import combinations
from math import exp, inf, log, log1p

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import gammaln
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.objectives.base import Objective, Reference
from eigenview.spectra import unit


class InfoNCE(Objective):
    """Cross-entropy of finding a view's partner among all other views of the batch, by cosine similarity.

    Every one of the 2P views of a pair is an anchor; its denominator holds its partner and the 2(P − 1) views of other
    samples. For K > 2 it is the mean over pairs of views.

    Args:
        temperature: τ, positive and finite, which divides the similarities.

    Raises:
        UsageError: a temperature that is not positive and finite.

    Source: Chen et al. 2020 (SimCLR), Eq. 1 (NT-Xent).
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        if not 0 < temperature < inf:
            raise UsageError(f"temperature must be positive and finite, not {temperature}")
        self.temperature = temperature

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`alignment`, minus the partner's similarity, and `uniformity`, the log of the denominator."""
        pairs = [self._pair(torch.cat([first, second])) for first, second in combinations(unit(z), 2)]
        alignment, uniformity = map(torch.stack, zip(*pairs, strict=True))
        return {"alignment": alignment.mean(), "uniformity": uniformity.mean()}

    def _pair(self, z: Float[Tensor, "anchors D"]) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        similarity = z @ z.mT / self.temperature
        anchor = torch.arange(len(z), device=z.device)
        partner = anchor.roll(len(z) // 2)
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        denominator = similarity.masked_fill(itself, -torch.inf).logsumexp(dim=1)
        return -similarity[anchor, partner].mean(), denominator.mean()

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Collapsed, every candidate is as good: log(2P − 1), chance.

        Uniform: the partner at similarity 1, and for the others, uniform on the sphere, the mean field: their expected
        exponential, which a large P approaches from below.

        Best: the loss is convex in the differences of similarities, so by Jensen it is no less than at their mean.
        ‖Σz‖² ≥ 0 bounds that mean: with partners at 1, others are at −1/(P − 1) on average at the lowest. The regular
        simplex attains it, which needs D ≥ P − 1; below that it stays a bound.
        """
        self.check_shape(K, P)
        beta, others = 1 / self.temperature, 2 * (P - 1)
        uniform = log1p(others * exp(_log_mean_exp_cosine(beta, D) - beta))
        best = log1p(others * exp(-beta / (P - 1) - beta))
        return Reference(collapsed=log(2 * P - 1), uniform=uniform, best=best)


def _log_mean_exp_cosine(beta: float, D: int) -> float:
    """Log of E exp(β·cos) between a fixed and a uniform point of the unit sphere in D dimensions.

    That is Γ(D/2)·(2/β)^(D/2 − 1)·I_{D/2 − 1}(β), a Bessel function that under- and overflows, so its power series is
    summed in logs: terms are positive, largest before k = β/2, and negligible from k = β + 100 on.
    """
    k = np.arange(beta + 100)
    terms = 2 * k * log(beta / 2) - gammaln(k + 1) - gammaln(k + D / 2) + gammaln(D / 2)
    return float(np.logaddexp.reduce(terms))
