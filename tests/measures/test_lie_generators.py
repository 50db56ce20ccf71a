"""Flows of features, their generators, and what projectors leave of them."""

import pytest
import torch
from torch import Tensor

from eigenview.measures import fit_generators, generators_residual, projected_generators
from eigenview.testing.draws import NOT_FINITE, gaussian

d = 4


def turn(i: int, j: int) -> Tensor:
    """Generator of rotations in a plane, seen from a basis of its own."""
    G = torch.zeros(d, d, dtype=torch.float64)
    G[i, j], G[j, i] = -1, 1
    Q = torch.linalg.qr(gaussian(d, d, seed=11)).Q
    return Q @ G @ Q.mT


def pairs(G: Tensor, P: int = 60, seed: int = 0, size: float = 0.4) -> tuple[Tensor, Tensor, Tensor]:
    """First views, second views by torch's own matrix exponential, and strengths."""
    h1, strengths = gaussian(P, d, seed=seed), size * gaussian(P, len(G), seed=seed + 1).clamp(-2, 2)
    flows = torch.linalg.matrix_exp(torch.einsum("pm,mij->pij", strengths, G))
    return h1, (flows @ h1[:, :, None])[..., 0], strengths


G1 = turn(0, 1)[None]
G2 = torch.stack([turn(0, 1), turn(2, 3) + 0.3 * torch.eye(d, dtype=torch.float64)])


@pytest.mark.parametrize("G", [G1, G2], ids=["one", "two"])
def test_generators_of_known_strengths_are_found(G):
    h1, h2, strengths = pairs(G)
    fitted = fit_generators(h1, h2, strengths, ridge=0.0)
    torch.testing.assert_close(fitted.G, G, atol=1e-8, rtol=0)
    assert fitted.residual < 1e-15
    assert torch.equal(fitted.strengths, strengths)


def test_a_rotation_by_the_same_angle_is_found():
    # Second views are R h1 for one R, whose logarithm is the generator: strengths of 1.
    h1 = gaussian(60, d)
    fitted = fit_generators(h1, h1 @ torch.linalg.matrix_exp(0.9 * G1[0]).mT, torch.ones(60, 1), ridge=0.0)
    torch.testing.assert_close(fitted.G, 0.9 * G1, atol=1e-8, rtol=0)


# From the second samples' first start a local minimum is found, and the truth only from another.
@pytest.mark.parametrize("seed", [40, pytest.param(0, marks=pytest.mark.slow)])
def test_a_generator_and_its_strengths_are_found_up_to_scale(seed):
    h1, h2, strengths = pairs(G1, seed=seed)
    fitted = fit_generators(h1, h2, ridge=0.0)
    assert fitted.residual < 1e-10
    size = strengths.square().mean().sqrt()
    sign = (fitted.strengths * strengths).sum().sign()
    torch.testing.assert_close(sign * fitted.G, size * G1, atol=1e-4, rtol=0)
    torch.testing.assert_close(sign * fitted.strengths, strengths / size, atol=1e-3, rtol=0)
    torch.testing.assert_close(generators_residual(fitted.G, *pairs(G1, seed=5)[:2]), 0.0, atol=1e-8, rtol=0)


def test_held_out_residual_of_given_strengths_is_the_fits_own():
    h1, h2, strengths = pairs(G1)
    h2 = h2 + 0.1 * gaussian(60, d, seed=9)
    fitted = fit_generators(h1, h2, strengths)
    assert generators_residual(fitted.G, h1, h2, strengths) == pytest.approx(fitted.residual)
    assert 0.01 < fitted.residual < 0.5
    assert generators_residual(fitted.G, h1, h2) < fitted.residual


def test_small_flows_are_linear():
    h1, h2, strengths = pairs(G1, size=1e-4)
    linear = torch.linalg.lstsq(strengths * h1, h2 - h1).solution.mT
    torch.testing.assert_close(fit_generators(h1, h2, strengths, ridge=0.0).G[0], linear, atol=1e-3, rtol=0)


def test_a_ridge_shrinks_the_generator():
    h1, h2, strengths = pairs(G1)
    norms = [float(fit_generators(h1, h2, strengths, ridge=ridge).G.norm()) for ridge in (0.0, 0.1, 1.0, 10.0)]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 0.3 * norms[0]


def test_noise_is_no_flow():
    h1 = gaussian(400, d)
    h2 = h1 + 0.1 * gaussian(400, d, seed=1)
    G = fit_generators(h1[:200], h2[:200], torch.ones(200, 1)).G
    assert generators_residual(G, h1[200:], h2[200:], torch.ones(200, 1)) > 0.9
    # Of noise, a strength for each sample explains one direction of d.
    assert generators_residual(turn(1, 2)[None], h1, h2) == pytest.approx(1 - 1 / d, abs=0.06)


def test_views_that_coincide():
    h1 = gaussian(20, d)
    for strengths in (None, torch.ones(20, 1)):
        fitted = fit_generators(h1, h1, strengths)
        assert fitted.residual == 0
        assert not fitted.G.any()
    assert generators_residual(G1, h1, h1) == 0


def test_same_seed_same_generators_and_no_one_elses_random_numbers():
    h1, h2, _ = pairs(G1, P=20)
    state = torch.get_rng_state()
    assert torch.equal(fit_generators(h1, h2, steps=2).G, fit_generators(h1, h2, steps=2).G)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_projector_that_leaves_nothing_of_the_generator_is_invariant():
    h1, h2, _ = pairs(G1)
    W = gaussian(3, 2) @ torch.linalg.eigh(-G1[0] @ G1[0]).eigenvectors[:, :2].mT
    assert projected_generators(W, G1).share == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(h2 @ W.mT, h1 @ W.mT)


def test_invariance_is_not_needed_to_leave_nothing():
    # exp(εI) h is parallel to h: similarity is 1 and nothing of the generator is removed (Prop. 4.3 is one-way).
    assert projected_generators(torch.eye(d), torch.eye(d)).share == pytest.approx(d**-0.5)


def test_what_is_left_by_hand_and_its_bounds():
    W, G = torch.tensor([[3.0, 0]]), torch.tensor([[0.0, 2], [0, 0]])
    assert projected_generators(W, G).share == pytest.approx(1)
    assert projected_generators(W, G.mT).share == 0
    assert projected_generators(0 * W, G).share == 0


def test_projectors_turned_at_random_leave_one_over_root_d():
    W, G = torch.diag(torch.tensor([2.0, 1, 0.5, 0], dtype=torch.float64)), G1[0]
    turned = [projected_generators(W @ torch.linalg.qr(gaussian(d, d, seed=s)).Q, G) for s in range(400)]
    squares = torch.tensor([left.share for left in turned]).square()
    assert squares.mean() == pytest.approx(turned[0].random ** 2, abs=4 * float(squares.std()) / 20)


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_what_is_not_finite_is_refused(bad):
    h1, h2, strengths = pairs(G1)
    broken, G = h2.clone(), G1.clone()
    broken[2, 1] = G[0, 1, 1] = bad
    for measure in (
        lambda: fit_generators(h1, broken, strengths),
        lambda: fit_generators(broken, h2),
        lambda: fit_generators(h1, h2, strengths * bad),
        lambda: generators_residual(G, h1, h2),
        lambda: generators_residual(G1, h1, broken),
        lambda: projected_generators(gaussian(3, d), G),
        lambda: projected_generators(G[0], G1),
    ):
        with pytest.raises(ValueError, match="not finite"):
            measure()


def test_what_cannot_be_fitted_is_refused():
    h1, h2, strengths = pairs(G1, P=8)
    with pytest.raises(ValueError, match="more than M·d"):
        fit_generators(h1, h2, count=2)
    with pytest.raises((ValueError, TypeError)):
        fit_generators(h1, h2[:7])
    with pytest.raises((ValueError, TypeError)):
        fit_generators(h1, h2, strengths[:7])
    with pytest.raises(ValueError, match="needs count ≥ 1"):
        fit_generators(h1, h2, count=0)
    with pytest.raises((ValueError, TypeError)):
        generators_residual(G1[:, :2, :2], h1, h2)
    with pytest.raises(ValueError, match="empty"):
        projected_generators(gaussian(0, d), G1)
