"""Polar factors, from Gram matrices and by iteration, against an SVD in float64."""

import pytest
import torch
from torch import Tensor

from eigenview.linalg import polar, polar_factor, polar_factor_by_gram, polar_factor_by_iteration

SHAPES = [(96, 160), (160, 96), (96, 96)]


FACTORS = [
    polar_factor,
    lambda x: polar_factor_by_gram(x.float()).double(),
    lambda x: polar_factor_by_iteration(x.float()).double(),
]


def gaussian(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def with_spectrum(values: Tensor, rows: int, columns: int) -> Tensor:
    left, right = (torch.linalg.qr(gaussian(side, len(values), seed=side)).Q for side in (rows, columns))
    return left * values @ right.mT


def by_svd(x: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(x, full_matrices=False)
    return U @ Vh


def cosine(a: Tensor, b: Tensor) -> float:
    return torch.cosine_similarity(a.double().flatten(), b.flatten(), dim=0).item()


def spectrum(kind: str, n: int) -> Tensor:
    collapsed = torch.cat([torch.ones(10), torch.logspace(-4, -8, n - 10)])
    return {"uniform": torch.ones(n), "decaying": torch.logspace(0, -3, n), "collapsed": collapsed}[kind].double()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("kind", "least"), [("uniform", 0.9999), ("decaying", 0.9999), ("collapsed", 0.998)])
class TestOfFloat32:
    """A collapsed batch has directions that only float64, or enough iterations, distinguish from rounding."""

    def test_from_float64_gram_matrices(self, kind, least, shape):
        x = with_spectrum(spectrum(kind, min(shape)), *shape).float()
        assert cosine(polar_factor(x.double()), by_svd(x.double())) >= least

    @pytest.mark.parametrize("factor", [polar_factor_by_gram, polar_factor_by_iteration])
    def test_from_float32_where_that_is_enough(self, kind, least, shape, factor):
        x = with_spectrum(spectrum(kind, min(shape)), *shape).float()
        found = factor(x)
        assert found.dtype == torch.float32
        assert cosine(found, by_svd(x.double())) >= least
        value, expected = (found * x).sum().item(), torch.linalg.svdvals(x.double()).sum().item()
        assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("factor", "kinds"),
    [
        (polar_factor_by_gram, ("uniform", "collapsed", "uniform")),
        (polar_factor_by_iteration, ("uniform", "collapsed", "decaying")),
    ],
)
def test_float64_is_used_only_where_it_is_needed(shape, factor, kinds, monkeypatch):
    taken = []
    monkeypatch.setattr(polar, "polar_factor", lambda x: taken.append(len(x)) or polar_factor(x))
    factor(torch.stack([with_spectrum(spectrum(kind, min(shape)), *shape).float() for kind in kinds]))
    assert taken == [1]


@pytest.mark.parametrize("seed", range(8))
def test_small_directions_of_a_square_matrix_are_found_on_their_own(seed):
    x = gaussian(200, 200, seed=seed).float()
    assert cosine(polar_factor_by_gram(x), by_svd(x.double())) >= 0.9999


def test_a_few_directions_that_are_too_small_even_for_that():
    x = with_spectrum(torch.cat([torch.ones(75), torch.logspace(-4, -8, 5)]).double(), 80, 120).float()
    assert cosine(polar_factor_by_gram(x), by_svd(x.double())) >= 0.9999


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("least", [-3.0, -7.0, -10.0])
def test_small_directions_have_their_digits(least, shape):
    # The Gram matrix alone knows nothing of directions below 1e-8.
    x = with_spectrum(torch.logspace(0, least, min(shape), dtype=torch.float64), *shape)
    torch.testing.assert_close(polar_factor(x), by_svd(x), atol=10 ** (-13 - least) + 1e-12, rtol=0.0)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("x", [torch.zeros(4, 6).double(), torch.zeros(6, 4).double()], ids=["wide", "tall"])
def test_nothing_has_no_direction(factor, x):
    assert not factor(x).any()


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (20, 20)], ids=str)
def test_directions_that_a_matrix_lacks_are_left_out(shape):
    x = with_spectrum(torch.tensor([3.0, 1.0, 1e-3], dtype=torch.float64), *shape)
    U, _, Vh = torch.linalg.svd(x, full_matrices=False)
    torch.testing.assert_close(polar_factor(x), U[:, :3] @ Vh[:3], atol=1e-9, rtol=0.0)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_scale_does_not_matter(scale):
    x = gaussian(12, 8)
    torch.testing.assert_close(polar_factor(scale * x), polar_factor(x))
    for factor in (polar_factor_by_gram, polar_factor_by_iteration):
        torch.testing.assert_close(factor((scale * x).float()), factor(x.float()))


def test_batches_are_factored_one_by_one():
    x = torch.stack([gaussian(5, 9), with_spectrum(torch.logspace(0, -9, 5).double(), 5, 9), torch.zeros(5, 9)])
    for factor in FACTORS:
        torch.testing.assert_close(factor(x), torch.stack([factor(each) for each in x]), atol=1e-5, rtol=0.0)


@pytest.mark.parametrize("chosen", ["tf32", "ieee"])
def test_products_are_taken_in_full_float32_whatever_the_user_chose(chosen):
    matmul = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    matmul.fp32_precision = chosen
    try:
        polar_factor_by_iteration(gaussian(4, 4).float())
        assert matmul.fp32_precision == chosen
    finally:
        matmul.fp32_precision = before
