"""Tests of normality of features whose law is known."""

import sys

import pytest
import torch
from torch import Tensor

from eigenview.measures import gaussianity
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian


def test_p_values_of_normal_features_are_uniform():
    found = gaussianity(gaussian(500, 4000))
    assert found.p == pytest.approx(0.5, abs=0.03)
    assert found.share == pytest.approx(0.95, abs=0.015)
    assert gaussianity(gaussian(500, 4000), level=0.5).share == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("law", ["uniform", "exponential", "two values"])
def test_other_laws_are_found_out(law):
    x = torch.rand(500, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = {"uniform": x, "exponential": -x.log(), "two values": x.round()}[law]
    assert gaussianity(x).share == 0
    assert gaussianity(x).p < 1e-6


def test_a_relu_is_found_out_as_noise_reaches_its_kink():
    """An affine piece keeps noise normal; more noise leaves the piece."""
    noise, bias = gaussian(400, 60), 1 + torch.rand(60, generator=torch.Generator().manual_seed(1))
    shares = [gaussianity((bias + scale * noise).relu()).share for scale in (0.1, 0.5, 1.0, 3.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.85
    assert shares[-1] == 0


def test_images_are_tested_each_for_itself(monkeypatch):
    """Clouds about centres far apart are normal, each; together they are not."""
    x = gaussian(100, 30, 5) + 50 * gaussian(30, 5, seed=1)
    found = gaussianity(x)
    assert found.share > 0.85
    assert gaussianity(x.flatten(0, 1)).share < 0.5
    monkeypatch.setattr(sys.modules["eigenview.measures.gaussianity"], "_NUMBERS", 700)
    assert gaussianity(x).p == pytest.approx(found.p, rel=1e-12)


def test_features_that_do_not_vary_are_left_out():
    x = gaussian(100, 6)
    still = torch.full((100, 3), 0.1, dtype=torch.float64)
    assert gaussianity(torch.cat([x, still], 1)) == gaussianity(x)
    with pytest.raises(ValueError, match="no feature varies"):
        gaussianity(still)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussianity(gaussian(19, 3)), "at least 20 copies of an image, not 19"),
        (lambda: gaussianity(gaussian(20, 3), level=1.0), "between 0 and 1, not 1.0"),
    ],
)
def test_what_cannot_be_tested_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class TestGaussianity(MeasureTestCase):
    measure = staticmethod(gaussianity)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "scaled", "shifted", "dimensions stretched"})
    maximum = 1.0


class TestGaussianityOfImages(MeasureTestCase):
    measure = staticmethod(gaussianity)
    # Copies are the first dimension here, samples the second.
    unchanged_by = TestGaussianity.unchanged_by | {"views permuted"}
    maximum = 1.0

    def cloud(self) -> Tensor:
        return gaussian(40, 6, 3)
