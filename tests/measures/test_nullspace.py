"""Linear projectors: rank, what they see of displacements, what they remove."""

from functools import partial

import pytest
import torch
from torch import Tensor

from eigenview.linalg import chunking as blocks
from eigenview.linalg import row_space
from eigenview.measures import nullspace_shares, projector_rank, unexplained_variance
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian, rotation
from tests.memory import Memory


def onto(rank: int, d: int = 12, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A projector whose rows span `rank` dimensions (mixed, of unequal strength), and a basis of its kernel."""
    Q = torch.linalg.qr(gaussian(d, d, seed=seed)).Q
    return gaussian(rank + 3, rank, seed=seed + 1) @ Q[:, :rank].mT, Q[:, rank:]


def test_rank_of_known_singular_values():
    W = rotation(6) @ torch.diag(torch.tensor([10, 1, 0.1, 0.099, 1e-3, 0], dtype=torch.float64)) @ rotation(6)
    assert [projector_rank(W, t) for t in (0.5, 0.05, 0.00995, 0.0098, 0.0)] == [1, 2, 3, 4, 5]
    assert projector_rank(W.float(), 0.0) == 5
    assert projector_rank(torch.zeros(3, 4)) == 0


def test_basis_is_orthonormal_and_sees_what_the_matrix_sees():
    W, kernel = onto(5)
    space = row_space(torch.stack([W, torch.zeros_like(W)]), 0.0)
    assert space.rank.tolist() == [5, 0]
    gram = space.basis[0] @ space.basis[0].mT
    torch.testing.assert_close(gram, torch.diag(torch.arange(len(gram)) < 5).double())
    torch.testing.assert_close(W @ space.outside(kernel.mT)[0].mT, torch.zeros(len(W), 7, dtype=torch.float64))
    torch.testing.assert_close(space.outside(W)[0], torch.zeros_like(W))


def test_displacements_seen_and_unseen():
    W, kernel = onto(5)
    seen, unseen = gaussian(40, len(W)) @ W, gaussian(40, 7) @ kernel.mT
    assert unexplained_variance(W, seen) == pytest.approx(0, abs=1e-20)
    assert unexplained_variance(W, unseen) == pytest.approx(1)
    share = unseen.square().sum() / (unseen.square().sum() + seen.square().sum())
    assert unexplained_variance(W, seen + unseen) == pytest.approx(float(share))
    assert unexplained_variance(W, torch.zeros(4, 12)) == 0


def test_unexplained_variance_is_the_papers_least_squares():
    W, x = gaussian(4, 9), gaussian(30, 9, seed=1)
    t = torch.linalg.lstsq(W.mT, x.mT).solution
    expected = (x.mT - W.mT @ t).square().sum() / x.square().sum()
    assert unexplained_variance(W, x) == pytest.approx(float(expected), rel=1e-12)


def test_weak_directions_are_seen_to_the_letter_and_not_at_a_tolerance():
    W = torch.diag(torch.tensor([1.0, 1e-3, 0]))
    assert unexplained_variance(W, torch.eye(3)) == pytest.approx(1 / 3)
    assert unexplained_variance(W, torch.eye(3), tolerance=0.01) == pytest.approx(2 / 3)


def test_random_subspaces_leave_their_codimension():
    x = gaussian(1, 20)
    shares = torch.tensor([unexplained_variance(gaussian(5, 20, seed=seed), x) for seed in range(400)])
    # Shares are Beta(15/2, 5/2): mean 1 − rank/d.
    error = (0.75 * 0.25 / 11 / 400) ** 0.5
    assert shares.mean() == pytest.approx(0.75, abs=4 * error)


@pytest.mark.parametrize("K", [2, 5])
def test_augmentations_in_the_kernel_are_all_removed(K):
    W, kernel = onto(5)
    samples, moves = gaussian(30, 12), gaussian(K, 30, 7, seed=1) @ kernel.mT
    removed = nullspace_shares(W, samples + moves)
    assert removed.within == pytest.approx(1)
    assert removed.isotropic == pytest.approx(7 / 12)
    assert nullspace_shares(kernel.mT, samples + moves).within == pytest.approx(0, abs=1e-20)


def test_two_views_by_hand():
    W, _ = onto(5)
    h = gaussian(2, 30, 12)
    removed = nullspace_shares(W, h)
    assert removed.within == pytest.approx(unexplained_variance(W, h[1] - h[0]))
    means = h.mean(0)
    assert removed.between == pytest.approx(unexplained_variance(W, means - means.mean(0)))


def test_samples_in_the_kernel_do_not_count_as_augmentation():
    W, kernel = onto(5)
    removed = nullspace_shares(W, gaussian(30, 7) @ kernel.mT + 1e-3 * gaussian(2, 30, len(W), seed=1) @ W)
    assert removed.within == pytest.approx(0, abs=1e-12)
    assert removed.between > 0.99


def test_invariance_is_not_removal():
    # The paper's Prop. 4.1 says that similarity is 1 only if h2 − h1 is in the kernel; here it is that and c·h1.
    W, kernel = onto(5)
    h1 = gaussian(30, 12)
    v = 0.5 * h1 + gaussian(30, 7, seed=1) @ kernel.mT
    h = torch.stack([h1, h1 + v])
    similarity = torch.cosine_similarity(h[0] @ W.mT, h[1] @ W.mT)
    torch.testing.assert_close(similarity, torch.ones_like(similarity))
    assert nullspace_shares(W, h).within == pytest.approx(
        1 - float((v @ row_space(W, 0.0).basis.mT).norm() / v.norm()) ** 2
    )
    assert nullspace_shares(W, h).within < 0.9


def test_nothing_moves():
    h = gaussian(1, 6, 12).expand(2, 6, 12)
    assert nullspace_shares(onto(5)[0], h).within == 0
    assert nullspace_shares(onto(5)[0], gaussian(2, 1, 12)).between == 0


def test_many_views_take_no_more_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**17)
    h = torch.randn(32, 3000, 12, generator=torch.Generator().manual_seed(0))
    with Memory() as memory:
        found = nullspace_shares(onto(5)[0], h)
    assert memory.peak < 8 * 2**17
    monkeypatch.undo()
    assert vars(found) == pytest.approx(vars(nullspace_shares(onto(5)[0], h)))


def test_what_cannot_be_measured_is_refused():
    W = gaussian(3, 8)
    with pytest.raises(ValueError, match="at least 2 views"):
        nullspace_shares(W, gaussian(1, 5, 8))
    with pytest.raises(ValueError, match=r"\[0, 1\], not 2"):
        projector_rank(W, 2.0)
    with pytest.raises(ValueError, match="no row space"):
        projector_rank(W[:0])
    with pytest.raises(ValueError, match="empty"):
        unexplained_variance(W, W[:0])
    with pytest.raises(ValueError, match="rows have 7 dimensions, but the matrix has 8 columns"):
        row_space(W, 0.0).outside(gaussian(5, 7))
    W[1, 1] = torch.nan
    for measure in (
        partial(nullspace_shares, h=gaussian(2, 5, 8)),
        partial(unexplained_variance, displacements=gaussian(5, 8)),
    ):
        with pytest.raises(ValueError, match="not finite"):
            measure(W)


class TestProjectorRank(MeasureTestCase):
    measure = staticmethod(partial(projector_rank, tolerance=0.3))
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled"})
    minimum, maximum = 0, 8

    def cloud(self) -> Tensor:
        return rotation(48)[:, :8] * torch.logspace(0, -1, 8, dtype=torch.float64) @ rotation(8)


class TestUnexplainedVariance(MeasureTestCase):
    measure = staticmethod(partial(unexplained_variance, gaussian(3, 8, seed=9)))
    unchanged_by = frozenset({"samples permuted", "scaled"})
    minimum, maximum = 0, 1


class TestNullspaceShares(MeasureTestCase):
    measure = staticmethod(partial(nullspace_shares, gaussian(3, 8, seed=9)))
    unchanged_by = frozenset({"samples permuted", "views permuted", "scaled", "shifted"})
    minimum, maximum = 0, 1

    def cloud(self) -> Tensor:
        return gaussian(3, 24, 8)
