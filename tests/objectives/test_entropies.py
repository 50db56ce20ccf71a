"""Estimates of entropy, against entropies that are known."""

from math import e, log, pi

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from eigenview._errors import UsageError
from eigenview.objectives import Entropy, LogDet, PairwiseDistance, build_entropy
from eigenview.testing.draws import gaussian

KINDS = ("kl", "bhattacharyya", "chernoff")


def estimate(z: np.ndarray, divide: float) -> float:
    """Kolchinsky & Tracey's, with d = ‖Δ‖²/divide, unit variance."""
    distances = np.square(z[:, None] - z[None]).sum(-1) / divide
    return z.shape[1] / 2 * log(2 * pi * e) - np.mean(np.log(np.exp(-distances).mean(1)))


def mixture_entropy(centres: np.ndarray, variance: float) -> float:
    """Of equal normal laws on a line, by quadrature."""

    def density(x: float) -> float:
        return float(np.mean(np.exp(-((x - centres) ** 2) / (2 * variance)) / np.sqrt(2 * pi * variance)))

    edge = 12 * variance**0.5
    ends = centres.min() - edge, centres.max() + edge
    return quad(lambda x: -density(x) * log(density(x) + 1e-300), *ends, points=sorted(centres), limit=2000)[0]


@pytest.mark.parametrize(("kind", "divide"), [("kl", 2), ("bhattacharyya", 8), ("chernoff", 2 / 0.21)])
@pytest.mark.parametrize("shape", [(7, 3), (40, 1), (5, 8)], ids=str)
def test_pairwise_values(kind, divide, shape):
    z = gaussian(*shape)
    entropy = PairwiseDistance(kind, variance=1.0, alpha=0.3)
    assert entropy(z).item() == pytest.approx(estimate(z.numpy(), divide), rel=1e-12)
    wide = PairwiseDistance(kind, variance=4.0, alpha=0.3)(2 * z).item()
    assert wide == pytest.approx(entropy(z).item() + shape[1] * log(2), rel=1e-12)


@pytest.mark.parametrize("variance", [0.01, 0.1, 1.0, 10.0])
def test_pairwise_estimates_enclose_the_entropy_of_a_mixture_on_a_line(variance: float) -> None:
    z = gaussian(12, 1)
    exact = mixture_entropy(z[:, 0].numpy(), variance)
    upper, lower, chernoff = (PairwiseDistance(kind, variance=variance, alpha=0.3)(z).item() for kind in KINDS)
    assert upper >= exact - 1e-9
    assert exact >= lower - 1e-9
    # Equal covariances make α = ½ the tightest.
    assert lower >= chernoff
    assert upper - chernoff < 1


def test_pairwise_estimates_enclose_the_entropy_of_a_mixture_in_space() -> None:
    centres, variance = gaussian(10, 5).numpy(), 0.5
    rng = np.random.default_rng(0)
    samples = centres[rng.integers(10, size=40000)] + variance**0.5 * rng.standard_normal((40000, 5))
    squares = np.square(samples[:, None] - centres).sum(-1)
    surprise = 5 / 2 * log(2 * pi * variance) + log(10) - np.logaddexp.reduce(-squares / (2 * variance), axis=1)
    error = 4 * surprise.std() / np.sqrt(len(surprise))
    upper, lower, _ = (PairwiseDistance(kind, variance=variance)(torch.from_numpy(centres)).item() for kind in KINDS)
    assert upper > surprise.mean() - error
    assert surprise.mean() + error > lower
    assert upper - lower > 10 * error


def test_bhattacharyya_is_chernoff_at_one_half() -> None:
    z = gaussian(6, 3)
    assert PairwiseDistance("bhattacharyya")(z) == PairwiseDistance("chernoff")(z)


@pytest.mark.parametrize("kind", KINDS)
def test_pairwise_extremes(kind: str) -> None:
    entropy, z = PairwiseDistance(kind, variance=1.0), gaussian(6, 3)
    one = entropy.collapsed(6, 3)
    assert entropy(z[:1].expand(6, 3)).item() == pytest.approx(one)
    assert entropy(1e3 * z).item() == pytest.approx(one + log(6))
    assert entropy.most(6, 3, float("inf")) == pytest.approx(one + log(6))


@pytest.mark.parametrize("entropy", [LogDet(), *(PairwiseDistance(kind, variance=1.0) for kind in KINDS)], ids=str)
def test_what_is_added_to_all_rows_does_not_matter(entropy: Entropy) -> None:
    z = gaussian(8, 3)
    torch.testing.assert_close(entropy(z + 1e4), entropy(z), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        entropy((z + 1e3).float()).double(), entropy((z + 1e3).float().double()), rtol=1e-6, atol=0
    )


@pytest.mark.parametrize("entropy", [LogDet(), *(PairwiseDistance(kind) for kind in KINDS)], ids=str)
@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (2, 1)], ids=str)
def test_gradient(entropy: Entropy, shape: tuple[int, int]) -> None:
    assert torch.autograd.gradcheck(entropy, gaussian(*shape).requires_grad_())


def test_log_det_is_that_of_the_ridged_covariance() -> None:
    for shape in [(9, 4), (4, 9), (5, 5)]:
        z = gaussian(*shape)
        covariance = np.cov(z.T.numpy())
        expected = np.linalg.slogdet(0.3 * np.eye(shape[1]) + covariance)[1] / 2
        assert LogDet(0.3)(z).item() == pytest.approx(expected, rel=1e-12)


def test_log_det_and_its_constant_are_the_entropy_of_a_normal_law() -> None:
    factor, P = gaussian(4, 4, seed=3), 200_000
    exact = (4 * log(2 * pi * e) + torch.linalg.slogdet(factor @ factor.mT).logabsdet.item()) / 2
    found = LogDet(1e-9)(gaussian(P, 4) @ factor.mT).item() + 2 * log(2 * pi * e)
    # The log-determinant of a sample covariance deviates by √(2D/P).
    assert found == pytest.approx(exact, abs=4 * (2 * 4 / P) ** 0.5 / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_pairwise_estimates_of_many_samples_are_those_of_the_smoothed_law(kind: str) -> None:
    # Samples of N(0, 1): the mean of exp(−sΔ²/2) over one end is normal, so the estimate's limit is Gaussian, too.
    variance, share = 0.5, {"kl": 1.0, "bhattacharyya": 1 / 4, "chernoff": 1 / 4}[kind]
    width = variance / share
    limit = (log(2 * pi * e * variance) + log((1 + width) / width) + 1 / (1 + width)) / 2
    found = PairwiseDistance(kind, variance=variance)(gaussian(4000, 1)).item()
    assert found == pytest.approx(limit, abs=2e-2)


@pytest.mark.parametrize(
    ("spec", "kind", "attributes"),
    [
        ("LogDet", LogDet, {"beta": 0.01}),
        ("logdet", LogDet, {}),
        ({"name": "LOGDET", "beta": 0.5}, LogDet, {"beta": 0.5}),
        ("kl", PairwiseDistance, {"share": 1.0, "variance": None}),
        ("Bhattacharyya", PairwiseDistance, {"share": 0.25}),
        ({"name": "chernoff", "alpha": 0.1, "variance": 2.0}, PairwiseDistance, {"share": 0.09, "variance": 2.0}),
        ({"name": "PairwiseDistance", "divergence": "KL"}, PairwiseDistance, {"share": 1.0}),
        ("eigenview.objectives:LogDet", LogDet, {}),
    ],
    ids=str,
)
def test_names(spec, kind, attributes):
    entropy = build_entropy(spec)
    assert type(entropy) is kind
    assert {key: getattr(entropy, key) for key in attributes} == pytest.approx(attributes)


def test_an_estimate_stands_for_itself() -> None:
    entropy = LogDet()
    assert build_entropy(entropy) is entropy


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("logdte", r"unknown entropy 'logdte': did you mean 'LogDet'\?"),
        ({"name": "kl", "varaince": 1.0}, r"entropy 'kl' has no option 'varaince': did you mean 'variance'\?"),
        ({"beta": 1.0}, r"an entropy is a name, or options with a name .*, not {'beta': 1.0}"),
        ({"name": 3}, r"an entropy is a name, or options with a name .*, not {'name': 3}"),
        ({"name": "LogDet", "beta": 0.0}, r"entropy 'LogDet': beta must be positive and finite, not 0.0"),
        ({"name": "kl", "variance": -1.0}, r"entropy 'kl': variance must be positive and finite, not -1.0"),
        ({"name": "chernoff", "alpha": 1.0}, r"entropy 'chernoff': alpha must be between 0 and 1, not 1.0"),
        (
            {"name": "PairwiseDistance", "divergence": "bhatacharyya"},
            r"entropy 'PairwiseDistance': unknown divergence 'bhatacharyya': did you mean 'bhattacharyya'\?",
        ),
        ("collections:Counter", r"entropy 'collections:Counter' makes a Counter, not an eigenview.objectives.Entropy"),
    ],
    ids=str,
)
def test_mistakes_are_told_in_one_line(spec, message):
    with pytest.raises(UsageError, match=f"^{message}$"):
        build_entropy(spec)
