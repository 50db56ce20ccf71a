"""What theory says of our objectives, against what is known of them and against what the monitor sees."""

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.alarms.predicted_collapse import origin_of
from eigenview.objectives import BYOL, Objective, SIGReg, build_objective
from eigenview.predict import Covariances, CovarianceStream, Landscape, landscape_of
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
D = 5


def covariances(seed: int, d: int, noise: float = 1.0) -> Covariances:
    return of_matrices(*matrices.covariances(seed, d, noise=noise))


def of_matrices(A0: np.ndarray, C: np.ndarray) -> Covariances:
    return Covariances(A0, C, np.zeros(len(A0)), 100, 0.0)


def of(name: str, decay: float = 0.0, **options) -> Landscape:
    return landscape_of(build_objective(name, options or COVERED[name], D), 4, D, decay)


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("name", COVERED)
def test_survivors_are_the_rank_of_the_minimum_where_there_is_room(name, decay):
    found = covariances(0, 8)
    landscape = of(name, decay)
    for room in (D, 8):
        minimum = landscape.minimum(found, room)
        if minimum is not None:
            assert minimum.rank == min(room, landscape.survivors(found))
    assert landscape.says


@pytest.mark.parametrize("name", COVERED)
def test_knobs_are_turned_on_both_sides_of_a_value(name):
    knob = of(name, 0.01).knob
    if knob is not None:
        assert list(knob.values) == sorted(set(knob.values))
        assert knob.values[0] < knob.value < knob.values[-1]


@pytest.mark.parametrize("name", COVERED)
def test_decay_costs_survivors_where_nothing_normalises(name):
    found = covariances(1, 6)
    free, strong = of(name), of(name, 2e9)
    assert free.survivors(found) > 0
    assert (strong.survivors(found) == 0) == strong.feels_decay
    assert (strong.survivors(found) == free.survivors(found)) != strong.feels_decay


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
    assert of("InfoNCE", similarity="euclidean", temperature=1.0) == of("WeightedInfoNCE")
    found, beta = covariances(4, 6), of("BetaInfoNCE", beta=0.7)
    same = of("InfoNCE", similarity="euclidean", temperature=1.0, repulsion=0.7)
    assert same.survivors(found) == beta.survivors(found)
    options = [landscape.knob and landscape.knob.option for landscape in (beta, same)]
    assert options == ["--objective.options beta=", "--objective.options repulsion="]
    assert "learning starts from" in of("CLIP").says


def test_a_colder_temperature_keeps_more():
    found = covariances(3, 20, noise=0.3)
    counts = of("SimCLR").survivors_over(found, [0.02, 0.1, 0.5, 2.0, 100.0])
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 20
    assert 1 <= counts[-1] < 5


@pytest.mark.parametrize("decay", [0.0, 1.0, 20.0])
@pytest.mark.parametrize("name", ["BetaInfoNCE", "WeightedInfoNCE", "VICReg", "BarlowTwins"])
def test_what_grows_is_what_the_monitor_sees_grow(name, decay):
    generator = torch.Generator().manual_seed(0)
    clean = torch.randn(400, 6, generator=generator) * torch.linspace(0.2, 4, 6)
    x = clean + torch.randn(3, 400, 6, generator=generator)
    stream = CovarianceStream()
    stream.add(x)
    found = stream.covariances()
    objective = build_objective(name, COVERED[name], D)
    seen = origin_of(objective, x, D, decay / 2)
    assert landscape_of(objective, 3, D, decay).survivors(found) == seen["growing"]


@pytest.mark.parametrize("objective", [BYOL(D=4), SIGReg()])
def test_others_are_said_not_to_be_covered(objective: Objective):
    with pytest.raises(UsageError, match=f"covers {type(objective).__name__}; it covers InfoNCE"):
        landscape_of(objective, 2, D, 0.0)
