import pytest
import torch

from eigenview.linalg import chunking as blocks
from eigenview.measures import pair_cosines
from tests.measures.case import MeasureTestCase, draw


class TestPairCosines(MeasureTestCase):
    measure = staticmethod(pair_cosines)
    unchanged_by = frozenset(
        {"samples permuted", "views permuted", "dimensions permuted", "rotated", "scaled", "rows scaled"}
    )
    least, most = -1.0, 1.0

    def cloud(self):
        return draw(1, 24, 6) + 0.5 * draw(3, 24, 6, seed=1) + 0.3


def test_it_is_the_mean_over_all_pairs():
    z = draw(3, 5, 4)
    u = torch.nn.functional.normalize(z, dim=-1)
    cosines = torch.einsum("kpd,lqd->kplq", u, u)
    same_sample, same_view = torch.eye(5).bool()[None, :, None, :], torch.eye(3).bool()[:, None, :, None]
    found = pair_cosines(z)
    assert found.views == pytest.approx(float(cosines[(same_sample & ~same_view).expand_as(cosines)].mean()))
    assert found.samples == pytest.approx(float(cosines[(~same_sample).expand_as(cosines)].mean()))


def test_all_alike_and_corners_of_a_simplex():
    alike = pair_cosines(torch.ones(2, 4, 3))
    assert (alike.views, alike.samples) == pytest.approx((1, 1))
    corners = torch.eye(4) - 0.25
    simplex = pair_cosines(corners.expand(2, 4, 4))
    assert (simplex.views, simplex.samples) == pytest.approx((1, -1 / 3))


def test_blocks_make_no_difference(monkeypatch):
    z = draw(2, 30, 4)
    whole = pair_cosines(z)
    monkeypatch.setattr(blocks, "_BYTES", 8 * 2 * 4 * 7)
    assert vars(pair_cosines(z)) == pytest.approx(vars(whole))


@pytest.mark.parametrize("shape", [(1, 8, 4), (2, 1, 4)])
def test_too_few_are_refused(shape):
    with pytest.raises(ValueError, match=r"at least 2 (views|samples)"):
        pair_cosines(draw(*shape))
