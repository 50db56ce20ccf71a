"""The exact solution against the loss drawn by Monte Carlo, against descents, and against the effective landscape."""

import numpy as np
import pytest
import torch

from eigenview.theory.landscape import beta_infonce_loss, critical_strengths, effective_landscape, solve_beta_infonce
from tests.theory.landscape.matrices import covariances


def drawn_loss(W: np.ndarray, A0: np.ndarray, C: np.ndarray, beta: float, tau: float) -> tuple[float, float]:
    """The loss of many pairs and negatives, and its standard error."""
    generator = np.random.default_rng(0)
    a, c = np.linalg.cholesky(A0), np.linalg.cholesky(C)
    anchors, negatives, d = 1000, 4000, len(A0)
    clean = generator.normal(size=(anchors, d)) @ a.T
    x, y = (clean + generator.normal(size=clean.shape) @ c.T for _ in range(2))
    chi = generator.normal(size=(negatives, d)) @ a.T + generator.normal(size=(negatives, d)) @ c.T
    f, g, h = (rows @ W.T for rows in (x, y, chi))
    squares = (f**2).sum(1)[:, None] + (h**2).sum(1) - 2 * f @ h.T
    logs = np.log(np.exp(-squares / 2 / tau).mean(1))
    losses = ((f - g) ** 2).sum(1) / 2 / tau + beta * logs
    return float(losses.mean()), float(losses.std() / np.sqrt(anchors))


@pytest.mark.parametrize(("beta", "tau"), [(1.0, 1.0), (0.5, 1.0), (0.7, 0.5)])
def test_the_loss_is_that_of_draws(beta, tau):
    A0, C = covariances(0, 2, noise=0.3)
    W = 0.7 * np.random.default_rng(1).normal(size=(2, 2))
    loss, error = drawn_loss(W, A0, C, beta, tau)
    assert error < 0.06
    assert beta_infonce_loss(W, A0, C, beta, temperature=tau) == pytest.approx(loss, abs=4 * error)


@pytest.mark.parametrize("commute", [False, True])
@pytest.mark.parametrize(
    ("beta", "decay", "tau", "D"),
    [(1.0, 0.0, 1.0, 3), (0.6, 0.0, 1.0, 3), (0.8, 0.1, 0.5, 3), (1.0, 0.0, 1.0, 2)],
)
def test_descents_end_in_the_solution(beta, decay, tau, D, commute):
    A0, C = covariances(3, 3, commute)
    found = solve_beta_infonce(A0, C, beta, D, decay, tau)
    matrices = [torch.from_numpy(M) for M in (A0 + C, C)]
    for seed in range(3):
        W = torch.randn(D, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
        descent = torch.optim.LBFGS(
            [W], max_iter=3000, tolerance_grad=1e-11, tolerance_change=0, line_search_fn="strong_wolfe"
        )

        def loss(W=W, descent=descent):
            descent.zero_grad()
            S = W @ matrices[0] @ W.T / tau
            one = torch.eye(D, dtype=torch.float64) + S
            repulsion = torch.logdet(one) + torch.trace(torch.linalg.solve(one, S))
            value = torch.trace(W @ matrices[1] @ W.T) / tau + decay * W.square().sum() - beta / 2 * repulsion
            value.backward()
            return value

        descent.step(loss)
        reached = W.detach().numpy()
        assert beta_infonce_loss(reached, A0, C, beta, decay, tau) == pytest.approx(found.value, rel=1e-8)
        np.testing.assert_allclose(reached.T @ reached, found.gram, rtol=1e-3, atol=1e-3)
    assert beta_infonce_loss(found.weights(D), A0, C, beta, decay, tau) == pytest.approx(found.value)


def test_one_mode_is_what_notes_say():
    found = solve_beta_infonce(np.array([0.9]), np.array([0.1]))
    assert found.modes[0] == pytest.approx(4.85, abs=0.005)
    assert found.gram[0, 0] == pytest.approx(found.modes[0])
    assert effective_landscape("infonce", np.array([[0.9]]), np.array([[0.1]])).minimum().modes[0] == pytest.approx(
        0.45 / 0.75
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("beta", [0.3, 0.5, 0.8, 1.0])
def test_survivors_are_those_of_the_effective_landscape_and_of_the_critical_strengths(seed, beta):
    A0, C = covariances(seed, 6)
    survivors = solve_beta_infonce(A0, C, beta).rank
    assert survivors == effective_landscape("infonce", A0, C, beta).survivors()
    assert survivors == (critical_strengths(A0, C, beta) > 1).sum()


def test_both_agree_near_a_transition():
    beta, a = 0.5, np.array([[1.0]])
    for off in (1e-2, 1e-3):
        c = np.array([[1 - off]])
        expected = solve_beta_infonce(a, c, beta).modes[0]
        assert expected > 0
        assert effective_landscape("infonce", a, c, beta).minimum().modes[0] == pytest.approx(expected, rel=3 * off)


def test_shared_axes_can_be_given_as_vectors():
    a, c = np.array([1.0, 0.2, 3.0]), np.array([0.5, 0.5, 0.1])
    given, built = solve_beta_infonce(a, c, 0.7), solve_beta_infonce(np.diag(a), np.diag(c), 0.7)
    np.testing.assert_array_equal(given.modes, built.modes)
    np.testing.assert_allclose(given.noise_shares, np.sort(c / (a + c)))
    np.testing.assert_array_equal(np.diag(given.gram) > 0, c / (a + c) < 0.7)


def test_a_mode_to_which_nothing_is_added_grows_without_bound():
    found = solve_beta_infonce(np.array([1.0, 1.0]), np.array([0.0, 5.0]), 0.5)
    assert found.modes.tolist() == [np.inf, 0.0]
    assert (found.rank, found.value) == (1, -np.inf)
    with pytest.raises(ValueError, match="1 modes without augmentation noise are unbounded"):
        _ = found.gram
    with pytest.raises(ValueError, match="not finite"):
        found.weights(2)
    assert np.isfinite(solve_beta_infonce(np.array([1.0, 1.0]), np.array([0.0, 5.0]), 0.5, decay=0.1).value)


def test_directions_without_variance_are_left_alone():
    found = solve_beta_infonce(np.array([1.0, 0.0]), np.array([0.5, 0.0]), 0.7)
    assert found.modes.shape == (1,)
    assert found.gram[1, 1] == 0


def test_no_repulsion_keeps_nothing_and_one_keeps_all():
    A0, C = covariances(1, 4)
    assert solve_beta_infonce(A0, C, 0.0).rank == 0
    assert solve_beta_infonce(A0, 1e4 * C, 1.0).rank == 4


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize("W", [np.full((2, 3), np.nan), np.ones((2, 2)), np.ones(3)])
def test_weights_that_do_not_fit_are_refused(W):
    with pytest.raises(ValueError, match=r"W must be finite and \[outputs, 3\]"):
        beta_infonce_loss(W, np.eye(3), np.eye(3))
    for function in (
        effective_landscape("spectral", np.eye(3), np.eye(3)).value,
        effective_landscape("barlow", np.eye(3), np.eye(3)).gradient,
    ):
        with pytest.raises(ValueError, match=r"W must be finite and \[outputs, 3\]"):
            function(W)


def test_a_tiny_augmentation_beside_a_singular_covariance_has_a_solution():
    rows = np.random.default_rng(0).normal(size=(30, 64))
    A0, small = rows.T @ rows, np.random.default_rng(1).normal(size=(30, 64)) @ np.diag(np.linspace(0.1, 1, 64))
    for scale in (1e-6, 1e-9, 1e-12, 1e-15):
        # Its rounding where Σ has no variance is far above C.
        found = solve_beta_infonce(A0, scale * rows.T @ rows, 0.5)
        assert (found.rank, len(found.modes)) == (30, 30)
        assert solve_beta_infonce(A0, scale * small.T @ small, 0.5).rank >= 30


def test_nats_are_the_divergence_of_what_an_anchor_repels():
    s = solve_beta_infonce(np.diag([4.0, 1.0, 0.4]), np.diag([0.3, 0.5, 1.0]), 0.9, temperature=0.7).modes / 0.7
    anchors = torch.randn(4000, int((s > 0).sum()), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    anchors *= torch.from_numpy(s[s > 0]).sqrt()
    kept = torch.from_numpy(s[s > 0] / (1 + s[s > 0]))
    near = torch.distributions.Normal(kept * anchors, kept.sqrt())
    all_there_are = torch.distributions.Normal(0.0, torch.from_numpy(s[s > 0]).sqrt())
    drawn = torch.distributions.kl_divergence(near, all_there_are).sum(1)
    found = solve_beta_infonce(np.diag([4.0, 1.0, 0.4]), np.diag([0.3, 0.5, 1.0]), 0.9, temperature=0.7).nats
    assert found == pytest.approx(float(drawn.mean()), abs=4 * float(drawn.std()) / 4000**0.5)
    # It is that of weights exp(−½‖f − f_χ‖²) on draws, too.
    draws = torch.randn(200_000, len(kept), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    others = draws * torch.from_numpy(s[s > 0]).sqrt()
    weights = (-(others - anchors[0]).square().sum(1) / 2).softmax(0)
    assert float((weights * (weights * len(draws)).log()).sum()) == pytest.approx(float(drawn[0]), rel=0.05)
    assert solve_beta_infonce(np.eye(2), 0 * np.eye(2)).nats == np.inf
    assert solve_beta_infonce(np.eye(2), np.eye(2), 0.1).nats == 0


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.eye(2), -np.eye(2)), "C is not a covariance"),
        ((-np.eye(2), np.eye(2)), "A0 is not a covariance"),
        ((np.eye(2), np.eye(3)), "the same size"),
        ((np.eye(2), np.array([[1.0, np.inf], [np.inf, 1.0]])), "C is not finite"),
        ((np.eye(2), np.array([[1.0, 0.5], [0.0, 1.0]])), "symmetric"),
        ((np.eye(2), np.eye(2), -0.1), "beta"),
        ((np.eye(2), np.eye(2), 1.0, 0), "D must"),
        ((np.eye(2), np.eye(2), 1.0, None, -1.0), "decay"),
        ((np.eye(2), np.eye(2), 1.0, None, 0.0, 0.0), "temperature"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        solve_beta_infonce(*arguments)


def test_rounding_of_float32_is_no_indefiniteness():
    A0, C = (np.diag(each).astype(np.float32) for each in ([1.0, 1.5e-7], [1.0, -1e-7]))
    assert not np.isnan(solve_beta_infonce(A0, C, 0.5).modes).any()
    rows = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    low_rank = rows.T @ rows
    assert np.linalg.eigvalsh(low_rank)[0] < 0
    assert solve_beta_infonce(low_rank, np.eye(8, dtype=np.float32), 0.9).rank <= 3
