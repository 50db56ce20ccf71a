"""Barlow Twins, at its authors' weight and at a heavy one."""

from itertools import combinations

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.objectives import BarlowTwins
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian


def centred_basis(P: int, r: int) -> torch.Tensor:
    """Orthonormal columns, orthogonal to the ones."""
    ones = torch.ones(P, 1, dtype=torch.float64)
    return torch.linalg.qr(torch.cat([ones, gaussian(P, r)], dim=1)).Q[:, 1:]


class TestBarlowTwins(ObjectiveTestCase):
    scale_invariant = False
    redundancy = 5e-3

    def make(self, D=4):
        return BarlowTwins(self.redundancy)

    def expected(self, z):
        K, P, D = z.shape
        losses = []
        for a, b in combinations(range(K), 2):
            first, second = [(z[k] - z[k].mean(0)) / np.sqrt(z[k].var(0) + 1e-5) for k in (a, b)]
            C = first.T @ second / P
            off = ~np.eye(D, dtype=bool)
            losses.append(((1 - np.diag(C)) ** 2).sum() + self.redundancy * (C[off] ** 2).sum())
        return np.mean(losses)

    def best(self, K, D):
        # So large that ε is nothing beside the variance.
        return (1e4 * centred_basis(3 * D, D)).expand(K, 3 * D, D)

    def uniform(self, P, D, seed):
        return 100 * gaussian(P, D, seed=seed)

    @pytest.mark.parametrize(("P", "D"), [(4, 6), (4, 9), (2, 3)])
    def test_best_with_more_dimensions_than_samples(self, P, D):
        r = P - 1
        turned = [centred_basis(P, r) @ torch.linalg.qr(gaussian(r, r, seed=s)).Q for s in range(D // r)]
        objective = self.make()
        redundancy = objective.redundancy * (D / r - 1)
        share = 1 / (1 + redundancy)
        variance = share * 1e-5 / (1 - share)
        z = (torch.cat(turned, dim=1) * (P * variance) ** 0.5).expand(2, P, D)
        assert objective(z).item() == pytest.approx(objective.reference(2, P, D).best, rel=1e-9)


class TestHeavyBarlowTwins(TestBarlowTwins):
    redundancy = 0.7


class TestHeavierBarlowTwins(TestBarlowTwins):
    redundancy = 3.0

    def test_best_with_more_dimensions_than_samples(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        assert self.make().reference(2, 4, 6).best == BarlowTwins(1.0).reference(2, 4, 6).best


def test_scale_of_a_dimension_does_not_matter_beside_epsilon() -> None:
    z = gaussian(2, 8, 3)
    scales = torch.tensor([1e3, 1e4, 1e6], dtype=torch.float64)
    torch.testing.assert_close(BarlowTwins()(z * scales), BarlowTwins()(1e5 * z), rtol=1e-8, atol=0)


def test_an_infinite_variance_is_no_lack_of_correlation() -> None:
    z = torch.stack([1e25 * gaussian(6, 2), 1e-10 * gaussian(6, 2, seed=1)]).float()
    assert BarlowTwins()(z).isnan()


def test_a_negative_weight_has_no_bound() -> None:
    with pytest.raises(UsageError, match=r"^redundancy must be a finite weight, 0 or more, not -1\.0$"):
        BarlowTwins(redundancy=-1.0)
