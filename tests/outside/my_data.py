"""A data source of somebody else's, named `my_data:load`."""

import numpy as np
from jaxtyping import UInt8


def load(split: str) -> UInt8[np.ndarray, "N H W 3"] | None:
    """Sixty-four images of 8 × 8 pixels for training, and no other split."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (64, 8, 8, 3), dtype=np.uint8) if split == "train" else None
