"""Probes: how well labels can be predicted from features. They need labels, so they are for reports, never training."""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.utils import check_X_y

Features = Float[np.ndarray, "N D"]
Labels = Int64[np.ndarray, "N"]


@dataclass(frozen=True)
class FewShot:
    """Accuracy from a few labels over random draws of them: mean and standard deviation, in [0, 1]."""

    mean: float
    std: float
    draws: int


def label_knn(
    features: Features,
    labels: Labels,
    test_features: Float[np.ndarray, "M D"],
    test_labels: Int64[np.ndarray, "M"],
    k: int = 10,
) -> float:
    """Accuracy, in [0, 1], of the k nearest neighbours on the unit sphere, weighted by one over distance.

    Papers often take k = 200 and weights exp(cos / .07) instead: compare with theirs only roughly.

    Args:
        features: features of the labelled samples.
        labels: one a row.
        test_features: features of the samples to classify.
        test_labels: one a row.
        k: number of neighbours; all samples if there are fewer.

    Raises:
        ValueError: features are not finite, are empty, or are not one a label.
    """
    _check(features, labels, test_features, test_labels)
    neighbours = KNeighborsClassifier(min(k, len(labels)), weights="distance", metric="euclidean")
    # On unit rows the Euclidean order is the cosine's, and sklearn's fast path.
    return float(neighbours.fit(_unit(features), labels).score(_unit(test_features), test_labels))


def label_linear(
    features: Features,
    labels: Labels,
    test_features: Float[np.ndarray, "M D"],
    test_labels: Int64[np.ndarray, "M"],
) -> float:
    """Accuracy, in [0, 1], of logistic regression on standardised features (C = 0.1, 100 steps of L-BFGS).

    Args:
        features: features of the labelled samples.
        labels: one a row, of at least two classes.
        test_features: features of the samples to classify.
        test_labels: one a row.

    Raises:
        ValueError: features are not finite, are empty, or are not one a label; labels are of one class.
    """
    _check(features, labels, test_features, test_labels)
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=100))
    with warnings.catch_warnings():
        # A hundred steps from zero are part of the probe, whether or not they are enough to converge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(features, labels)
    return float(probe.score(test_features, test_labels))


def label_few_shot(
    features: Features,
    labels: Labels,
    test_features: Float[np.ndarray, "M D"],
    test_labels: Int64[np.ndarray, "M"],
    shots: int,
    draws: int = 20,
    seed: int = 0,
) -> FewShot:
    """Accuracy of the nearest class mean, by cosine, from a few labelled samples a class.

    Args:
        features: features of the samples that labels are drawn from.
        labels: one a row.
        test_features: features of the samples to classify.
        test_labels: one a row.
        shots: labelled samples of each class; all of a class that has fewer.
        draws: number of random draws of them.
        seed: random seed of the draws.

    Raises:
        ValueError: features are not finite, are empty, or are not one a label; shots or draws is below 1.
    """
    _check(features, labels, test_features, test_labels)
    if shots < 1 or draws < 1:
        raise ValueError(f"shots and draws must be at least 1, not {shots} and {draws}")
    known, test = _unit(features), _unit(test_features)
    classes = np.unique(labels)
    members = [np.flatnonzero(labels == c) for c in classes]
    generator = np.random.default_rng(seed)
    accuracies = []
    for _ in range(draws):
        drawn = [generator.choice(m, min(shots, len(m)), replace=False) for m in members]
        means = _unit(np.stack([known[chosen].mean(0) for chosen in drawn]))
        accuracies.append(np.mean(classes[(test @ means.T).argmax(1)] == test_labels))
    return FewShot(float(np.mean(accuracies)), float(np.std(accuracies)), draws)


def _check(features: np.ndarray, labels: np.ndarray, test_features: np.ndarray, test_labels: np.ndarray) -> None:
    for rows, names in ((features, labels), (test_features, test_labels)):
        check_X_y(rows, names)


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(normalize(rows))
