"""Covariances to try theory on."""

import numpy as np


def covariances(seed: int, d: int = 4, commute: bool = False, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A0 and C of d dimensions, whose axes are the same or not."""
    generator = np.random.default_rng(seed)
    axes = [np.linalg.qr(generator.normal(size=(d, d)))[0] for _ in range(2)]
    a, c = generator.uniform(0.1, 2, d), noise * generator.uniform(0.1, 2, d)
    first, second = axes[0], axes[0] if commute else axes[1]
    return (first * a) @ first.T, (second * c) @ second.T
