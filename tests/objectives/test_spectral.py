"""The spectral contrastive loss."""

from itertools import combinations

import numpy as np
import pytest
import torch

from eigenview.objectives import SpectralContrastive
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian, rotation


class TestSpectralContrastive(ObjectiveTestCase):
    scale_invariant = False

    def make(self, D=4):
        return SpectralContrastive()

    def expected(self, z):
        K, P, _ = z.shape
        losses = []
        for a, b in combinations(range(K), 2):
            others = [(z[a, i] @ z[b, j]) ** 2 for i in range(P) for j in range(P) if i != j]
            losses.append(-2 * np.mean([z[a, i] @ z[b, i] for i in range(P)]) + np.mean(others))
        return np.mean(losses)

    def best(self, K, D):
        return None

    def uniform(self, P, D, seed):
        return torch.nn.functional.normalize(gaussian(P, D, seed=seed), dim=-1) * D**0.5

    def collapsed(self, K, P, D):
        return torch.nn.functional.normalize(gaussian(D), dim=0).expand(K, P, D)


def test_a_collapsed_batch_does_no_better_at_another_length() -> None:
    reference = SpectralContrastive().reference(2, 5, 3)
    unit = torch.nn.functional.normalize(gaussian(3), dim=0).expand(2, 5, 3)
    assert all(SpectralContrastive()(length * unit) > reference.collapsed for length in (0.0, 0.5, 0.9, 1.1, 2.0))


def test_uniform_does_no_better_on_another_sphere() -> None:
    P, D = 4000, 3
    sphere = torch.nn.functional.normalize(gaussian(P, D), dim=-1).expand(2, P, D)
    losses = [SpectralContrastive()(radius * sphere).item() for radius in (1.5, D**0.5, 2.0)]
    assert min(losses) == losses[1] == pytest.approx(-D, rel=2e-2)


@pytest.mark.parametrize("D", [3, 9])
def test_one_long_row_has_no_bound(D: int) -> None:
    z = torch.zeros(6, D, dtype=torch.float64)
    z[0, 0] = 1e3
    assert SpectralContrastive()(z.expand(2, 6, D)).item() == pytest.approx(-2e6 / 6)


@pytest.mark.parametrize(("P", "D"), [(6, 6), (5, 6)])
def test_orthogonal_rows_have_no_uniformity(P: int, D: int) -> None:
    terms = SpectralContrastive().checked_terms((2 * rotation(D)[:P]).expand(3, P, D))
    assert terms["alignment"].item() == pytest.approx(-8)
    assert terms["uniformity"].item() == pytest.approx(0, abs=1e-12)
