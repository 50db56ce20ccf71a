"""Covariances through a net, against its whole Jacobian and against draws of the noise."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import jacrev, vmap

from eigenview.theory.information import local_affine, local_gaussians
from tests.memory import Memory

N, SHAPE, D = 5, (2, 3, 4), 3
d = 24


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Net(nn.Module):
    """Two layers of given weights, and a bend in between."""

    def __init__(self, bend: nn.Module, inputs: int = d, width: int = 7, outputs: int = D) -> None:
        super().__init__()
        self.first = nn.Parameter(draw(width, inputs, seed=1) / inputs**0.5)
        self.last = nn.Parameter(draw(outputs, width, seed=2))
        self.bend, self.passes = bend, 0

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        return self.bend(x.flatten(1) @ self.first.mT + 0.1) @ self.last.mT + 1


BENDS = [nn.Identity(), nn.ReLU(), nn.ReLU(inplace=True), nn.Tanh()]
NOISE = {
    "isotropic": {"variance": 0.3},
    "diagonal": {"variance": draw(*SHAPE, seed=3).square()},
    "each its own": {"variance": draw(N, *SHAPE, seed=4).square()},
    "thin": {"factors": draw(2, *SHAPE, seed=5)},
    "thin, each its own": {"factors": draw(N, 2, *SHAPE, seed=6)},
    "many factors": {"factors": draw(N, 11, *SHAPE, seed=7)},
    "both": {"variance": draw(*SHAPE, seed=3).square(), "factors": draw(N, 2, *SHAPE, seed=6)},
}


def by_hand(net: nn.Module, x: Tensor, variance: float | Tensor = 0.0, factors: Tensor | None = None) -> np.ndarray:
    J = vmap(jacrev(lambda row: net(row[None])[0]))(x).flatten(2)
    diagonal = torch.as_tensor(variance, dtype=torch.float64).expand(x.shape).flatten(1)
    noise = torch.diag_embed(diagonal)
    if factors is not None:
        L = (factors if factors.ndim > x.ndim else factors.expand(len(x), *factors.shape)).flatten(2)
        noise = noise + L.mT @ L
    return (J @ noise @ J.mT).detach().numpy()


@pytest.mark.parametrize("numbers", [10**9, 8 * (d + D) * 3, 1], ids=["all at once", "some", "one by one"])
@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
@pytest.mark.parametrize("outputs", [D, 20])
@pytest.mark.parametrize("bend", BENDS, ids=str)
def test_against_the_whole_jacobian(bend, outputs, noise, numbers, monkeypatch):
    monkeypatch.setattr(local_affine, "_BYTES", numbers)
    net, x = Net(bend, outputs=outputs).eval(), draw(N, *SHAPE)
    found = local_gaussians(net, x, **noise)
    np.testing.assert_allclose(found.means, net(x).detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(found.covariances, by_hand(net, x, **noise), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.covariances, found.covariances.swapaxes(1, 2))


@pytest.mark.parametrize("bend", [nn.ReLU(), nn.Tanh()], ids=str)
def test_against_draws_of_small_noise(bend):
    net, x, deviation, draws = Net(bend), draw(2, d), 1e-3, 40_000
    found = local_gaussians(net, x, deviation**2)
    for n in range(2):
        with torch.no_grad():
            features = net(x[n] + deviation * draw(draws, d, seed=n)).numpy()
        scale = np.sqrt(np.outer(*2 * (np.diag(found.covariances[n]),)))
        # A correlation drawn so often is off by at most 1/√draws, so this is about five of its deviations.
        np.testing.assert_allclose(np.cov(features.T) / scale, found.covariances[n] / scale, atol=5 * draws**-0.5)
        np.testing.assert_allclose(features.mean(0), found.means[n], atol=5 * deviation * draws**-0.5 * 3)


@pytest.mark.parametrize(
    ("noise", "most"),
    [({"factors": draw(3, 4000)}, 6), ({"variance": 1.0}, 4 * 6), ({"factors": draw(900, 4000)}, 4 * 6)],
    ids=["thin: by directions", "isotropic: by outputs", "wide: by outputs"],
)
def test_the_cheaper_way_is_taken(noise, most, monkeypatch):
    monkeypatch.setattr(local_affine, "_BYTES", 1)  # every direction by itself
    net = Net(nn.Tanh(), inputs=4000, outputs=6)
    local_gaussians(net, draw(1, 4000), **noise)
    assert net.passes <= most + 2


def test_a_large_jacobian_is_never_there():
    """J of one sample alone would take 320 MB, and Σ_n 80 GB."""
    inputs, outputs = 100_000, 400
    weights = draw(inputs, 1, seed=1)

    def net(x: Tensor) -> Tensor:
        return (x @ weights) * torch.linspace(-1, 1, outputs, dtype=torch.float64) + x[:, :outputs]

    x = draw(2, inputs)
    with Memory() as memory:
        found = local_gaussians(net, x, factors=draw(4, inputs, seed=2))
    assert memory.peak < 100e6
    assert np.linalg.matrix_rank(found.covariances[0]) == 4


def test_outputs_pulled_back_take_what_is_allowed(monkeypatch):
    inputs, outputs = 20_000, 50
    monkeypatch.setattr(local_affine, "_BYTES", 2**20)
    W = draw(outputs, inputs, seed=1)
    with Memory() as memory:
        found = local_gaussians(lambda x: x @ W.mT, draw(3, inputs), variance=0.5)
    assert memory.peak < W.nbytes  # the Jacobian is this large, for each sample
    np.testing.assert_allclose(found.covariances[2], (W @ W.mT / 2).numpy(), rtol=1e-10)


def test_a_net_in_single_precision_runs_in_it():
    net, x = Net(nn.ReLU()), draw(N, d)
    double = local_gaussians(net, x, 0.5)
    single = local_gaussians(net.float(), x, 0.5)
    assert single.covariances.dtype == np.float64
    np.testing.assert_allclose(single.covariances, double.covariances, rtol=1e-4, atol=1e-5)
    assert np.abs(single.covariances - double.covariances).max() > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d)), "without noise"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d), -1.0), "finite and at least 0"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d), float("nan")), "finite and at least 0"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d), torch.ones(7)), "must be a number, or of shape"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d), factors=draw(d)), "factors must be"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d), factors=draw(3, 2, d)), "factors must be"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d), factors=draw(2, d).log()), "factors are not finite"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(N, d) / 0, 1.0), "inputs are not finite"),
        (lambda: local_gaussians(Net(nn.ReLU()), draw(0, d), 1.0), "at least one number"),
        (lambda: local_gaussians(lambda x: x.log(), -draw(N, d).abs(), 1.0), "features, or their derivatives"),
        (lambda: local_gaussians(lambda x: x.sum(1), draw(N, d), 1.0), r"maps \[1, 24\] to \[1\]"),
        (lambda: local_gaussians(nn.Sequential(nn.BatchNorm1d(d)), draw(N, d), 1.0), "training mode"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
