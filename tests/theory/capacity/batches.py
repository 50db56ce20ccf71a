"""Batches whose nuclear norms are known or simulated."""

import numpy as np


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def uniform_rows(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Independent uniform points of the unit sphere."""
    return unit(generator.standard_normal(shape))


def views(generator: np.random.Generator, K: int, P: int, D: int, agreement: float) -> np.ndarray:
    """Unit views [K, P, D] around uniform directions, each as far from its sample's as gives this mean cosine."""
    centres = uniform_rows(generator, P, D)
    away = generator.standard_normal((K, P, D))
    away = unit(away - (away * centres).sum(-1, keepdims=True) * centres)
    return np.sqrt(agreement) * centres + np.sqrt(1 - agreement) * away


def error_of(centroids: np.ndarray) -> float:
    """Percent error, by the singular values."""
    P, D = centroids.shape
    return 1 - np.linalg.svd(centroids, compute_uv=False).sum() / np.sqrt(P * min(P, D))
