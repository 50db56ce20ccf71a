"""Estimates of the entropy of embeddings, to be maximised in place of what else keeps them from collapse."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import e, expm1, inf, log, log1p, pi
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview._names import build, nearest
from eigenview.distributed import all_gather, mean_over_ranks, world_size
from eigenview.linalg import log_det_covariance, log_mean_exp_cosine, marchenko_pastur_mean_log1p, mean_log_gaussian_sum


class Entropy(nn.Module, ABC):
    """An estimate, in nats, of the entropy of the law that embeddings z[P, D] are samples of.

    Where several ranks train together, z holds a rank's own rows; the estimate is that of all ranks' rows, the same
    number on each, and its gradient is exact once averaged over ranks (see `distributed`).

    Its defaults are for rows of length √D, at which dimensions have unit variance. What it reaches is known on a
    sphere, of radius `length`.
    """

    @abstractmethod
    def forward(self, z: Float[Tensor, "P D"]) -> Float[Tensor, ""]:
        """The estimate."""

    @abstractmethod
    def collapsed(self, P: int, D: int) -> float:
        """The estimate where all rows are the same."""

    @abstractmethod
    def uniform(self, P: int, D: int, length: float) -> float:
        """The estimate for rows uniform on the sphere, in the mean."""

    @abstractmethod
    def most(self, P: int, D: int, length: float) -> float:
        """A bound on the estimate for rows no longer than `length`; for `inf`, perhaps `inf`."""


class LogDet(Entropy):
    """Entropy of a normal law with the samples' covariance Σ: ½ log det(βI + Σ), without its constant ½ D log 2πe.

    Args:
        beta: ridge β, positive and finite; the variance of what noise a dimension has at least.

    Raises:
        UsageError: a ridge that is not.

    Source: information (NOTES 5). The ridge is ours: the print leaves it open.
    """

    def __init__(self, beta: float = 0.01) -> None:
        super().__init__()
        if not 0 < beta < inf:
            raise UsageError(f"beta must be positive and finite, not {beta}")
        self.beta = beta

    def forward(self, z: Float[Tensor, "P D"]) -> Float[Tensor, ""]:
        """Half the log-determinant."""
        return log_det_covariance(z, self.beta) / 2

    def collapsed(self, P: int, D: int) -> float:
        """That of the ridge alone."""
        return D / 2 * log(self.beta)

    def uniform(self, P: int, D: int, length: float) -> float:
        """By the limit law for independent dimensions of variance length²/D."""
        limit = D / 2 * marchenko_pastur_mean_log1p(D / (P - 1), length**2 / D / self.beta)
        return self.collapsed(P, D) + min(limit, self._gain(P, D, length))

    def most(self, P: int, D: int, length: float) -> float:
        """The covariance's trace is P/(P − 1)·length² at most, and its rank r = min(D, P − 1).

        The log-determinant is concave: it is greatest where the trace is shared equally among r directions.
        """
        return self.collapsed(P, D) + self._gain(P, D, length)

    def _gain(self, P: int, D: int, length: float) -> float:
        rank = min(D, P - 1)
        return rank / 2 * log1p(P / (P - 1) * length**2 / rank / self.beta)


class PairwiseDistance(Entropy):
    """Entropy of an equal mixture of isotropic normal laws around the samples, by the distances between them.

    With σ² their variance and Δ the difference of two samples it is ½ D log 2πeσ² − mean_i log mean_j exp(−d_ij), j = i
    included. It is no less than the mixture's true entropy for d = KL, and no more for the others.

    Args:
        divergence: d: "kl", ‖Δ‖²/2σ²; "bhattacharyya", ‖Δ‖²/8σ²; or "chernoff", α(1 − α)‖Δ‖²/2σ².
        variance: σ² of each dimension. Left out, it is D/4, at which rows of length √D have, by KL, the uniformity loss
            of Wang & Isola 2020 with t = 2: with a small one in many dimensions the samples are so far from each other
            that no gradient is left.
        alpha: α of "chernoff", between 0 and 1; at ½ it is Bhattacharyya's.

    Raises:
        UsageError: no such divergence, or a number out of its range.

    Source: Kolchinsky & Tracey 2017; information (NOTES 5).
    """

    def __init__(self, divergence: str = "kl", variance: float | None = None, alpha: float = 0.5) -> None:
        super().__init__()
        if not 0 < alpha < 1:
            raise UsageError(f"alpha must be between 0 and 1, not {alpha}")
        if variance is not None and not 0 < variance < inf:
            raise UsageError(f"variance must be positive and finite, not {variance}")
        shares = {"kl": 1.0, "bhattacharyya": 1 / 4, "chernoff": alpha * (1 - alpha)}
        if divergence.lower() not in shares:
            raise UsageError(f"unknown divergence '{divergence}': {nearest(divergence, shares)}")
        self.share, self.variance = shares[divergence.lower()], variance

    def forward(self, z: Float[Tensor, "P D"]) -> Float[Tensor, ""]:
        """The estimate, a block of pairs at a time: d_ij = ½‖x_i − x_j‖² for rows x that are scaled."""
        P, D = world_size() * z.shape[0], z.shape[1]
        x = z * self._precision(D) ** 0.5
        near = mean_log_gaussian_sum(x, all_gather(x))
        return self.collapsed(P, D) + log(P) - mean_over_ranks(near)

    def collapsed(self, P: int, D: int) -> float:
        """That of one component."""
        return D / 2 * log(2 * pi * e * self._variance(D))

    def uniform(self, P: int, D: int, length: float) -> float:
        """The mean field: other samples' expected exponential, which many samples approach."""
        beta = self._precision(D) * length**2
        return self._estimate(P, D, beta - log_mean_exp_cosine(beta, D))

    def most(self, P: int, D: int, length: float) -> float:
        """The estimate is concave in the distances, so no more than at their mean, and ‖Σx‖² ≥ 0 bounds that.

        The regular simplex attains it, which needs D ≥ P − 1. At most it is log P above one component's.
        """
        return self._estimate(P, D, self._precision(D) * length**2 * P / (P - 1))

    def _estimate(self, P: int, D: int, distance: float) -> float:
        """The estimate where all samples are at the same distance."""
        return self.collapsed(P, D) - log1p((P - 1) / P * expm1(-distance))

    def _variance(self, D: int) -> float:
        return D / 4 if self.variance is None else self.variance

    def _precision(self, D: int) -> float:
        return self.share / self._variance(D)


def build_entropy(spec: Entropy | str | Mapping[str, Any]) -> Entropy:
    """The estimate that a recipe names.

    Args:
        spec: one of `LogDet`, `PairwiseDistance`, `kl`, `bhattacharyya` and `chernoff` in any case, or an import path
            `module:Class`; with options, a mapping of them and of its `name`; or an estimate, which is returned.

    Raises:
        UsageError: no such estimate or option, or a value that it refuses.
    """
    if isinstance(spec, Entropy):
        return spec
    options = dict(spec) if isinstance(spec, Mapping) else {"name": spec}
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise UsageError(f"an entropy is a name, or options with a name such as {{name: kl, variance: 1}}, not {spec}")
    entropy = build(name, options, _BUILTINS, "entropy")
    if not isinstance(entropy, Entropy):
        raise UsageError(f"entropy '{name}' makes a {type(entropy).__name__}, not an eigenview.objectives.Entropy")
    return entropy


def _kl(variance: float | None = None) -> Entropy:
    return PairwiseDistance("kl", variance)


def _bhattacharyya(variance: float | None = None) -> Entropy:
    return PairwiseDistance("bhattacharyya", variance)


def _chernoff(variance: float | None = None, alpha: float = 0.5) -> Entropy:
    return PairwiseDistance("chernoff", variance, alpha)


_BUILTINS = {
    "LogDet": LogDet,
    "PairwiseDistance": PairwiseDistance,
    "kl": _kl,
    "bhattacharyya": _bhattacharyya,
    "chernoff": _chernoff,
}
