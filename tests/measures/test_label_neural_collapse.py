"""Neural collapse: by hand, by numpy, in the limits."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.linalg import chunking as blocks
from eigenview.measures import label_neural_collapse
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from tests.memory import Memory

LABELS = torch.arange(48) % 4


def classes(noise: float, D: int = 8, N: int = 48) -> Tensor:
    return gaussian(4, D, seed=3)[torch.arange(N) % 4] + noise * gaussian(N, D)


# A permutation of samples alone gives them other labels.


class TestLabelNeuralCollapse(MeasureTestCase):
    measure = staticmethod(partial(label_neural_collapse, labels=LABELS))
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled", "shifted"})

    def cloud(self) -> Tensor:
        return classes(0.7)


@pytest.mark.parametrize("names", [[0, 1, 2, 3], [-7, 100, 5, 42]], ids=str)
@pytest.mark.parametrize("D", [2, 8])
def test_neural_collapse_by_the_pseudoinverse(names: list[int], D: int):
    x, labels = classes(0.7, D)[:45], torch.tensor(names)[LABELS[:45]]
    rows = x.numpy()
    of = [rows[labels.numpy() == name] for name in names]
    means = np.stack([part.mean(0) for part in of])
    within = sum((part - part.mean(0)).T @ (part - part.mean(0)) for part in of) / 45
    between = np.cov(means.T, bias=True)
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / 4
    assert label_neural_collapse(x, labels) == pytest.approx(expected, rel=1e-9)


def test_neural_collapse_of_a_known_cloud():
    # Two classes at ±1 on a line, with samples ±s about them: Σ_B = 1, Σ_W = s², over C = 2.
    x = torch.tensor([[1.3], [0.7], [-1.3], [-0.7]], dtype=torch.float64)
    assert label_neural_collapse(x, torch.tensor([0, 0, 1, 1])) == pytest.approx(0.3**2 / 2)
    # What is within classes, but not between their means, does not count.
    aside = torch.tensor([[5.0], [-5.0], [5.0], [-5.0]], dtype=torch.float64)
    assert label_neural_collapse(torch.cat([x, aside], 1), torch.tensor([0, 0, 1, 1])) == pytest.approx(0.3**2 / 2)


def test_collapsed_classes_have_none_and_it_grows_with_their_square():
    assert label_neural_collapse(classes(0.0), LABELS) == pytest.approx(0, abs=1e-24)
    small, large = (label_neural_collapse(classes(noise, N=4000), torch.arange(4000) % 4) for noise in (0.1, 0.2))
    assert large / small == pytest.approx(4, rel=0.05)


def test_neural_collapse_needs_classes_that_differ():
    with pytest.raises(ValueError, match="at least two classes, not 1"):
        label_neural_collapse(classes(0.1), torch.zeros(48, dtype=torch.int64))
    with pytest.raises(ValueError, match="the means of all 4 classes are equal"):
        label_neural_collapse(torch.zeros(48, 8), LABELS)
    # Means of equal rows, summed as they come, would differ by rounding.
    with pytest.raises(ValueError, match="the means of all 7 classes are equal"):
        label_neural_collapse(gaussian(1, 8).expand(97, 8), torch.arange(97) % 7)


def test_neural_collapse_streams(monkeypatch: pytest.MonkeyPatch):
    x, labels = classes(0.7, 60, 8000), torch.arange(8000) % 4
    whole = label_neural_collapse(x, labels)
    monkeypatch.setattr(blocks, "_BYTES", 2**17)
    with Memory() as memory:
        found = label_neural_collapse(x.float(), labels)
    # 8,000 labels and their classes beside blocks of rows and the float32 rows made here.
    assert memory.peak < 4 * x.numel() + 8 * 2**17 + 4 * 8 * 8000
    assert found == pytest.approx(whole, rel=1e-5)


def test_labels_that_are_not_one_a_row_are_refused():
    with pytest.raises(ValueError, match="48 rows need one label each, not 47"):
        label_neural_collapse(classes(0.1), LABELS[1:])
