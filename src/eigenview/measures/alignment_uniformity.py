"""How close the views of a sample are, and how evenly all rows are spread."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import log_mean_gaussian_kernel, normalize, row_blocks, view_blocks


def alignment(z: Float[Tensor, "K P D"]) -> float:
    """Mean squared distance of two views of a sample on the unit sphere, over pairs of views: E‖x − x⁺‖², in [0, 4].

    0 is full invariance, which complete collapse reaches too; independent views are at 2; 4 is opposite views. Read it
    beside `uniformity`. A zero view stays zero, at distance 1 from any other. Costs one pass.

    Args:
        z: views of samples, two at least; features or embeddings.

    Raises:
        ValueError: z is not finite; fewer than two views, or no sample.

    Source: Wang & Isola 2020, Sec. 4.1 (α = 2).
    """
    check_views(z, "alignment")
    K, P, _ = z.shape
    # Σ over pairs of squared distances is K times that from the centroid: no digits are lost where views are close.
    return 2 / (K - 1) / P * sum(float((x - x.mean(0)).square().sum()) for x in map(normalize, view_blocks(z)))


def centroid_norm(z: Float[Tensor, "K P D"]) -> float:
    """Mean length of the samples' centroids, of views on the unit sphere; in [0, 1].

    1 is full invariance, which complete collapse reaches too; K independent views in many dimensions are at 1/√K; 0 is
    views that cancel, or are zero. Costs one pass.

    Args:
        z: views of samples, two at least; features or embeddings.

    Raises:
        ValueError: z is not finite; fewer than two views, or no sample.

    Source: mmcr, Fig. 7 (which shows its complement).
    """
    check_views(z, "the norm of centroids")
    return sum(float(x.mean(0).norm(dim=1).sum()) for x in map(normalize, view_blocks(z))) / z.shape[1]


def uniformity(z: Float[Tensor, "N D"]) -> float:
    """How evenly rows cover the unit sphere: log E exp(−2‖x − y‖²) over pairs of rows, in [−8, 0].

    0 is complete collapse; low is even. Uniform rows in many dimensions are near −4 + 8/D; the corners of a simplex
    reach −4N/(N − 1), the least. A zero row stays zero. Costs N² products of rows, and three copies of the rows, in
    float32 or in z's float64.

    Args:
        z: rows, two at least. Rows that are views of one sample count as a pair like any other: for the paper's value
            take one view, z[0].

    Raises:
        ValueError: z is not finite; fewer than two rows.

    Source: Wang & Isola 2020, Sec. 4.1 (t = 2).
    """
    return float(log_mean_gaussian_kernel(unit_rows(z)))


def unit_rows(x: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
    """Rows on the unit sphere, in float32 or in x's float64, normalised some at a time.

    Raises:
        ValueError: x is not finite.
    """
    rows = torch.empty(x.shape, dtype=torch.float64 if x.dtype == torch.float64 else torch.float32, device=x.device)
    start = 0
    for block in row_blocks(x):
        rows[start : start + len(block)] = normalize(block)
        start += len(block)
    return rows


def check_views(z: Tensor, what: str, K: int = 2, P: int = 1) -> None:
    """Says which views or samples are missing.

    Args:
        z: views of samples, or what was taken for them.
        what: what needs them.
        K: least views of each sample.
        P: least samples.

    Raises:
        ValueError: there are fewer, or rows that do not say whose views they are.
    """
    if z.ndim != 3:
        raise ValueError(f"{what} needs [K, P, D], which says whose views rows are, not {[*z.shape]}")
    if z.shape[0] < K:
        raise ValueError(f"{what} needs [K, P, D] with at least {K} views of each sample, not {z.shape[0]}")
    if z.shape[1] < P:
        raise ValueError(f"{what} needs [K, P, D] with at least {P} samples, not {z.shape[1]}")
