"""Row spaces, against matrices whose rank and null space are known."""

import pytest
import torch

from eigenview.linalg import row_space


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("D", "d", "rank"), [(3, 7, 3), (7, 3, 3), (6, 6, 2), (5, 4, 1)])
def test_rank_and_an_orthonormal_basis_of_the_rows(D, d, rank):
    W = draw(D, rank) @ draw(rank, d, seed=1)
    found = row_space(W, 1e-9)
    assert found.rank == rank
    kept = found.basis[:rank]
    torch.testing.assert_close(kept @ kept.mT, torch.eye(rank, dtype=torch.float64))
    assert not found.basis[rank:].any()
    torch.testing.assert_close(W @ kept.mT @ kept, W)


def test_the_part_outside_is_in_the_null_space():
    W, x = draw(3, 7), draw(5, 7, seed=1)
    outside = row_space(W, 0.0).outside(x)
    torch.testing.assert_close(outside @ W.mT, torch.zeros(5, 3, dtype=torch.float64))
    torch.testing.assert_close((x - outside) @ W.mT, x @ W.mT)


def test_the_tolerance_is_relative_to_the_largest_singular_value():
    W = torch.diag(torch.tensor([1e3, 1.0, 1e-3], dtype=torch.float64))
    assert [int(row_space(W, tolerance).rank) for tolerance in (0.0, 1e-5, 1e-2, 1.0)] == [3, 2, 1, 1]


def test_matrices_of_a_batch_are_separate_and_a_zero_matrix_has_rank_zero():
    found = row_space(torch.stack([draw(2, 4), torch.zeros(2, 4, dtype=torch.float64)]), 1e-9)
    assert found.rank.tolist() == [2, 0]
    assert not found.basis[1].any()


def test_rounding_of_float32_is_not_a_direction():
    W = (draw(40, 2) @ draw(2, 30, seed=1)).float()
    assert row_space(W, 0.0).rank == 2


@pytest.mark.parametrize(
    ("W", "tolerance", "message"),
    [
        (torch.ones(2, 3), 1.5, r"tolerance, relative to the largest singular value, must be in \[0, 1\], not 1\.5"),
        (torch.ones(0, 3), 0.0, "a 0 × 3 matrix has no row space"),
        (torch.full((2, 3), float("nan")), 0.0, "a 2 × 3 matrix has entries that are not finite"),
    ],
)
def test_what_has_no_row_space_is_refused(W, tolerance, message):
    with pytest.raises(ValueError, match=message):
        row_space(W, tolerance)


def test_rows_of_another_dimension_are_refused():
    with pytest.raises(ValueError, match="rows have 3 dimensions, but the matrix has 4 columns"):
        row_space(draw(2, 4), 0.0).outside(draw(5, 3))
