"""Probes: on blobs, on labels that mean nothing, and on the digits that ship with scikit-learn."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs

from eigenview.measures import label_few_shot, label_knn, label_linear

PROBES = {
    "knn": label_knn,
    "linear": label_linear,
    "few shot": lambda *data: label_few_shot(*data, shots=5).mean,
}


@pytest.fixture(params=PROBES.values(), ids=list(PROBES))
def probe(request):
    return request.param


def halves(x: np.ndarray, y: np.ndarray, seed: int = 0):
    order = np.random.default_rng(seed).permutation(len(x))
    known, test = np.array_split(order, 2)
    return x[known], y[known], x[test], y[test]


def blobs():
    x, y, *_ = make_blobs(400, n_features=8, centers=5, cluster_std=0.3, random_state=0)
    return np.asarray(x), np.asarray(y, dtype=np.int64)


def digits():
    x, y = load_digits(return_X_y=True)
    return halves(np.asarray(x), np.asarray(y, dtype=np.int64))


def test_separable_blobs(probe):
    assert probe(*halves(*blobs())) == 1


def test_blobs_in_float32(probe):
    x, y = blobs()
    assert probe(*halves(x.astype(np.float32), y)) == 1


def test_labels_that_mean_nothing_are_read_at_chance(probe):
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((2000, 8)), generator.integers(0, 5, 2000)
    # Four standard errors of a guess among five, on a thousand test samples.
    assert probe(*halves(x, y)) == pytest.approx(0.2, abs=4 * np.sqrt(0.2 * 0.8 / 1000))


def test_labels_need_not_count_from_zero(probe):
    x, y = blobs()
    names = np.array([7, -3, 100, 42, 10**12])
    assert probe(*halves(x, names[y])) == 1


def test_test_labels_that_were_never_seen_count_as_wrong(probe):
    x, y, x_test, y_test = halves(*blobs())
    seen = y != 4
    assert probe(x[seen], y[seen], x_test, y_test) == pytest.approx(np.mean(y_test != 4))


def test_a_class_with_fewer_samples_than_shots_or_neighbours(probe):
    x, y, x_test, y_test = halves(*blobs())
    kept = np.concatenate([np.flatnonzero(y == c)[: c + 1] for c in range(5)])
    assert 0.5 < probe(x[kept], y[kept], x_test, y_test) <= 1


def test_dead_features_and_zero_rows(probe):
    x, y, x_test, y_test = halves(*blobs())
    x, x_test = (np.pad(part, ((0, 0), (0, 3))) for part in (x, x_test))
    x[0] = x_test[0] = 0
    assert probe(x, y, x_test, y_test) >= 1 - 2 / len(x_test)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", [0, 2], ids=["known", "test"])
def test_features_that_are_not_finite_are_refused(probe, part, bad):
    data = list(halves(*blobs()))
    data[part] = data[part].copy()
    data[part][3, 1] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        probe(*data)


@pytest.mark.parametrize("half", [0, 2], ids=["known", "test"])
def test_no_samples_are_refused(probe, half):
    data = list(halves(*blobs()))
    data[half], data[half + 1] = data[half][:0], data[half + 1][:0]
    with pytest.raises(ValueError, match="0 sample"):
        probe(*data)


def test_same_data_same_answer(probe):
    data = [part[:200] for part in digits()]
    assert probe(*data) == probe(*data)


def test_digits_by_neighbours():
    assert label_knn(*digits()) == pytest.approx(0.97, abs=0.015)


def test_digits_linearly():
    assert label_linear(*digits()) == pytest.approx(0.96, abs=0.015)


def test_digits_from_few_labels():
    one, five = (label_few_shot(*digits(), shots=shots) for shots in (1, 5))
    assert 0.55 < one.mean < 0.72
    assert 0.78 < five.mean < 0.90
    assert one.std > five.std > 0
    assert one.draws == five.draws == 20


def test_more_neighbours_than_samples_are_all_of_them():
    x, y, x_test, y_test = halves(*blobs())
    few = (x[:6], y[:6], x_test, y_test)
    assert label_knn(*few, k=1000) == label_knn(*few, k=6)


def test_neighbours_are_by_angle_and_weighted_by_closeness():
    def on_circle(*degrees: float) -> np.ndarray:
        return np.stack([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))], axis=1)

    known, labels = on_circle(0, 30, 32) * [[100], [1], [1]], np.array([0, 1, 1])
    knn = partial(label_knn, known, labels, k=3)
    # One at 5° outweighs two at 25° and 27°, and loses to two at 13° and 15° when it is at 17°.
    assert knn(on_circle(5), np.array([0])) == 1
    assert knn(on_circle(17), np.array([1])) == 1


def test_few_shots_by_hand():
    # All of each class are drawn, so the prototypes point to 45° and 181°, whatever the rows' lengths.
    x = np.array([[9.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-2.0, -0.1]])
    y = np.array([0, 0, 1, 1])
    test = np.array([[1.0, 1.0], [-1.0, 0.5], [-1.0, 3.0]])
    few = label_few_shot(x, y, test, np.array([0, 1, 0]), shots=2)
    assert (few.mean, few.std) == (1, 0)


def test_draws_follow_the_seed():
    few = partial(label_few_shot, *digits(), shots=1, draws=3)
    assert few(seed=1) == few(seed=1) != few(seed=2)


def test_all_shots_leave_nothing_to_chance():
    assert label_few_shot(*digits(), shots=10_000, draws=3).std == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("shots", "draws"), [(0, 20), (1, 0), (-1, 3)])
def test_no_shots_or_no_draws_are_refused(shots, draws):
    with pytest.raises(ValueError, match="shots and draws must be at least 1"):
        label_few_shot(*halves(*blobs()), shots=shots, draws=draws)


def test_one_class_cannot_be_separated():
    x, _, x_test, y_test = halves(*blobs())
    with pytest.raises(ValueError, match="2 classes"):
        label_linear(x, np.zeros(len(x), dtype=np.int64), x_test, y_test)


def test_features_and_labels_of_different_number_are_refused(probe):
    x, y, x_test, y_test = halves(*blobs())
    with pytest.raises((ValueError, TypeError)):
        probe(x, y[:-1], x_test, y_test)
