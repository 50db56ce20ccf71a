"""The landscape of each objective, against what is known of it and against the loss itself."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from eigenview.objectives import (
    BYOL,
    OBJECTIVES,
    InfoNCE,
    LossTheory,
    NotCovered,
    Objective,
    SIGReg,
    build_objective,
)
from eigenview.predict import Covariances, CovarianceStream, GaussianInfoNCE, Landscape, landscape_of
from tests.theory.landscape import matrices

COVERED = {
    "InfoNCE": {"temperature": 0.3},
    "SimCLR": {},
    "CLIP": {},
    "DecoupledInfoNCE": {},
    "BetaInfoNCE": {"beta": 0.6},
    "WeightedInfoNCE": {},
    "VICReg": {},
    "BarlowTwins": {},
    "SpectralContrastive": {},
    "MMCR": {},
}
K, P, D = 4, 256, 5


def covariances(seed: int, d: int, noise: float = 1.0) -> Covariances:
    return of_matrices(*matrices.covariances(seed, d, noise=noise))


def of_matrices(A0: np.ndarray, C: np.ndarray) -> Covariances:
    return Covariances(A0, C, np.zeros(len(A0)), 100, 0.0)


def of(name: str, decay: float | None = 0.0, P: int = P, **options) -> Landscape:
    landscape = landscape_of(build_objective(name, options or COVERED[name], D), K, P, D, decay)
    assert isinstance(landscape, Landscape)
    return landscape


@pytest.mark.parametrize("decay", [None, 0.0, 0.15])
@pytest.mark.parametrize("name", COVERED)
def test_survivors_are_the_rank_of_the_minimum_where_there_is_room(name, decay):
    found = covariances(0, 8)
    landscape = of(name, decay)
    for room in (D, 8):
        minimum = landscape.minimum(found, room)
        if minimum is not None:
            assert minimum.rank == min(room, landscape.survivors(found))
    assert landscape.assumptions


@pytest.mark.parametrize("name", COVERED)
def test_a_parameter_is_swept_on_both_sides_of_its_value(name):
    landscape, found = of(name, 0.005), covariances(0, 8)
    parameter = landscape.parameter
    if parameter is not None:
        assert list(parameter.values) == sorted(set(parameter.values))
        assert parameter.values[0] < parameter.value < parameter.values[-1]
        assert landscape.survivors_over(found, [parameter.value]) == [landscape.survivors(found)]


@pytest.mark.parametrize("name", COVERED)
def test_decay_is_a_parameter_only_where_it_is_a_term_of_the_loss(name):
    names = [parameter.name for decay in (0.0, None) if (parameter := of(name, decay).parameter) is not None]
    if name in ("WeightedInfoNCE", "VICReg", "BarlowTwins", "SpectralContrastive"):
        assert names == ["weight decay"]
    else:
        assert names == {"BetaInfoNCE": ["β"] * 2, "MMCR": []}.get(name, ["temperature"] * 2)


@pytest.mark.parametrize("name", COVERED)
def test_decay_costs_survivors_where_nothing_normalises(name):
    found = covariances(1, 6)
    free, strong, decoupled = of(name), of(name, 1e9), of(name, None)
    assert free.survivors(found) == decoupled.survivors(found) > 0
    assert (strong.survivors(found) == 0) != strong.fixed_length
    assert (strong.survivors(found) == free.survivors(found)) == strong.fixed_length


def test_beta_infonce_drops_what_views_vary_more():
    a, c = np.linspace(0.5, 2, 6), np.linspace(2, 0.2, 6)
    beta = 0.6
    found, landscape = of_matrices(np.diag(a), np.diag(c)), of("BetaInfoNCE")
    assert landscape.survivors(found) == (c < beta * a / (1 - beta)).sum()
    at = [0.0, 0.3, 0.9, 1.0]
    assert landscape.survivors_over(found, at) == [(c < b * (a + c)).sum() for b in at]


def test_no_noise_collapses_weighted_infonce_spectral_barlow_or_mmcr():
    found = covariances(2, 6, noise=1e3)
    for name in ("WeightedInfoNCE", "SpectralContrastive", "BarlowTwins", "MMCR"):
        assert of(name).survivors(found) == 6
    assert of("BetaInfoNCE").survivors(found) == 0


def test_names_for_the_same_loss_have_the_same_landscape():
    assert of("SimCLR", temperature=0.2) == of("InfoNCE", temperature=0.2)
    pairs = {"similarity": "euclidean", "negatives": "other", "temperature": 1.0}
    weighted, same = of("WeightedInfoNCE", alpha=1.0), of("InfoNCE", **pairs)
    assert isinstance(same, GaussianInfoNCE)
    assert replace(same, theory=replace(same.theory, option=None)) == weighted  # whose constructor has no `repulsion`
    found, beta = covariances(4, 6), of("BetaInfoNCE", beta=0.7)
    same = of("InfoNCE", **pairs, positive_weight=0.0, repulsion=0.7)
    assert same.survivors(found) == beta.survivors(found)
    options = [landscape.parameter and landscape.parameter.option for landscape in (beta, same)]
    assert options == ["--objective.options beta=", "--objective.options repulsion="]
    assert "learning starts from" in of("CLIP").assumptions


def test_a_colder_temperature_keeps_more():
    found = covariances(3, 20, noise=0.3)
    counts = of("SimCLR").survivors_over(found, [0.02, 0.1, 0.5, 2.0, 100.0])
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 20
    assert 1 <= counts[-1] < 5


@pytest.mark.parametrize("decay", [0.0, 0.5, 10.0])
@pytest.mark.parametrize("name", [*COVERED, "InfoNCE of distances"])
def test_survivors_are_the_directions_along_which_the_loss_falls_from_the_origin(name, decay):
    options = {"InfoNCE of distances": {"similarity": "euclidean", "repulsion": 0.7, "positive_weight": 30.0}}
    landscape = of(name.split()[0], decay, **options.get(name, {}))
    found = covariances(5, 6)
    B = landscape.origin(found)
    assert (B is None) == landscape.fixed_length
    if B is not None:
        assert (np.linalg.eigvalsh(B) > 0).sum() == landscape.survivors(found)


WITH_ORIGIN = {
    "BetaInfoNCE": {"beta": 0.6},
    "WeightedInfoNCE": {"alpha": 5.0},
    "InfoNCE": {"similarity": "euclidean", "temperature": 0.5, "repulsion": 0.8, "positive_weight": 8.0},
    "VICReg": {"invariance": 7.0, "variance": 3.0},
    "BarlowTwins": {},
    "SpectralContrastive": {},
}


@pytest.mark.parametrize("name", WITH_ORIGIN)
def test_an_objective_names_the_theory_that_its_own_loss_has_to_second_order(name):
    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    clean = scales * torch.randn(200, 3, dtype=torch.float64, generator=generator)
    x = clean + torch.randn(2, 200, 3, dtype=torch.float64, generator=generator)
    x = x - x.mean(1, keepdim=True) + 0.7
    stream = CovarianceStream()
    stream.add(x)
    objective = build_objective(name, WITH_ORIGIN[name])
    landscape = landscape_of(objective, x.shape[0], x.shape[1], D, 0.0)
    assert isinstance(landscape, Landscape)
    B = landscape.origin(stream.covariances())
    size = 1e-5 if name in ("VICReg", "BarlowTwins") else 1e-3
    for seed in range(3):
        W = torch.randn(D, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        z = size * x @ W.T
        fall = float(objective(torch.zeros_like(z)) - objective(z)) / size**2
        # Of a batch, divisors P and P − 1 differ; nothing else may.
        assert fall == pytest.approx(float(np.trace(W.numpy() @ B @ W.numpy().T)), rel=6 / 200)


@pytest.mark.parametrize("beta", [0.7, 1.0, 1.3])
def test_a_partners_share_changes_minimum_and_survivors_alike(beta):
    found = covariances(6, 8, noise=2.0)
    options = {"similarity": "euclidean", "repulsion": beta, "positive_weight": 100.0}
    counts = []
    for decay in (0.0, 0.1, 0.3):
        landscape = of("InfoNCE", decay, **options)
        minimum = landscape.minimum(found, 8)
        assert minimum is not None
        assert minimum.rank == landscape.survivors(found)
        counts.append(minimum.rank)
    assert counts == sorted(counts, reverse=True)
    assert of("InfoNCE", **{**options, "repulsion": 3.0, "positive_weight": 1e6}).minimum(found, 8) is None


@pytest.mark.parametrize(
    ("objective", "reason"),
    [
        (BYOL(D=4), "no closed-form theory describes BYOL"),
        (SIGReg(), "no closed-form theory describes SIGReg"),
        (build_objective("MMCR", {"local_weight": 0.5}), "without its local_weight"),
        (InfoNCE(temperature=1e200), r"temperature must be in \[1e-100, 1e\+100\], not 1e\+200"),
    ],
)
def test_others_are_not_covered_and_say_why(objective: Objective, reason):
    found = landscape_of(objective, 2, 8, D, 0.0)
    assert isinstance(found, NotCovered)
    assert re.search(reason, found.reason)


def test_a_theory_of_ones_own_without_a_landscape_is_not_covered():
    class Mine(SIGReg):
        def theory(self, K, P, D):
            return Unknown(K)

    class Unknown(LossTheory):
        def __init__(self, K):
            pass

    assert landscape_of(Mine(), 2, 8, D, 0.0) == NotCovered("its theory, Unknown, has no landscape here")


def test_the_tests_know_every_objective_that_is_covered():
    objectives = [build_objective(name, {}, D) for name in OBJECTIVES]
    covered = [type(each).__name__ for each in objectives if not isinstance(each.theory(K, P, D), NotCovered)]
    assert set(covered) == set(COVERED)
