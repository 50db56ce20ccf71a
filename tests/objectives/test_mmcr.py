"""MMCR, with and without its local term."""

from math import sqrt

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.objectives import MMCR
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian, rotation


def nuclear(x: np.ndarray) -> float:
    return np.linalg.svd(x, compute_uv=False).sum()


class TestMMCR(ObjectiveTestCase):
    views_needed = 1
    samples_needed = 1
    local_weight = 0.0
    # The law of large matrices, at the sizes drawn here (NOTES 1: .148 measured against .1512 at 64 × 64).
    uniform_shapes = ((128, 256), (256, 64), (128, 128))
    uniform_bias = 3e-3

    def make(self, D=4):
        return MMCR(local_weight=self.local_weight)

    def expected(self, z):
        z = z / np.linalg.norm(z, axis=-1, keepdims=True)
        local = np.mean([nuclear(z[:, p]) for p in range(z.shape[1])])
        return self.local_weight * local - nuclear(z.mean(0))

    def best(self, K, D):
        return rotation(D).repeat(3, 1).expand(K, 3 * D, D)

    def uniform(self, P, D, seed):
        return gaussian(P, D, seed=seed)

    @pytest.mark.parametrize(("P", "D"), [(4, 9), (9, 9)])
    def test_orthonormal_rows_are_best(self, P, D):
        objective, z = self.make(), rotation(D)[:P].expand(2, P, D)
        assert objective(z).item() == pytest.approx(objective.reference(2, P, D).best, rel=1e-12)

    def test_uniform_where_the_law_is_out_of_reach(self):
        # One row, or rows ±1: every draw has the nuclear norm √P exactly.
        for P, D in [(1, 5), (5, 1), (1, 1)]:
            objective = self.make()
            loss = objective(gaussian(1, P, D).expand(2, P, D)).item()
            assert objective.reference(2, P, D).uniform == pytest.approx(loss, rel=1e-12)


class TestMMCRLocal(TestMMCR):
    local_weight = 0.3

    def test_local_term_is_least_where_views_agree(self):
        local = self.make().checked_terms(gaussian(1, 6, 5).expand(4, 6, 5))["local"].item()
        assert local == pytest.approx(0.3 * sqrt(4), rel=1e-12)
        assert self.make().checked_terms(gaussian(4, 6, 5))["local"].item() > local


def test_antipodal_views_have_no_centroid() -> None:
    z = gaussian(1, 6, 5)
    assert MMCR()(torch.cat([z, -z])).item() == pytest.approx(0, abs=1e-12)


def test_the_paper_has_no_local_term() -> None:
    assert list(MMCR().checked_terms(gaussian(2, 4, 3))) == ["centroids"]


def test_a_negative_weight_has_no_bound() -> None:
    with pytest.raises(UsageError, match=r"^local_weight must be a finite weight, 0 or more, not -1\.0$"):
        MMCR(local_weight=-1.0)
