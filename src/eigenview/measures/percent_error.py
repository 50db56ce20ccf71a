"""MMCR's pretraining percent error: how far centroids are from the largest nuclear norm that they can have."""

from math import sqrt

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg import normalize, singular_values, singular_values_of_gram, uniform_percent_error, view_blocks
from eigenview.measures.alignment_uniformity import check_views
from eigenview.measures.spec import measure


@measure(
    needs="views",
    direction="low",
    meaning="how far the centroids' nuclear norm is below the most that MMCR can reach",
    group="views",
)
def percent_error(z: Float[Tensor, "K P D"] | Float[Tensor, "N D"]) -> float:
    """MMCR's pretraining percent error: 1 − ‖C‖_*/√(P·min(P, D)), C the samples' centroids on the sphere; in [0, 1].

    0 is full invariance with centroids that are orthonormal or a tight frame. Complete collapse is at
    1 − 1/√min(P, D), so the scale depends on the shape: `excess_percent_error` takes out what uniform rows reach. A
    zero view stays zero; all zero is 1. Costs one pass, for P > D with a D × D Gram matrix.

    Args:
        z: views of samples; or rows, each its own centroid.

    Raises:
        ValueError: z is not finite, or has no row.

    Source: mmcr, Sec. 5.
    """
    views = z if z.ndim == 3 else z[None]
    check_views(views, "percent error", K=1)
    P, D = views.shape[1:]
    # Rounding alone could take it below 0.
    return max(0.0, 1 - float(_centroid_spectrum(views).sum()) / sqrt(P * min(P, D)))


@measure(
    needs="views",
    direction="low",
    meaning="percent error above that of uniform embeddings; high is collapse",
    group="views",
)
def excess_percent_error(z: Float[Tensor, "K P D"] | Float[Tensor, "N D"]) -> float:
    """Percent error above that of P random uniform points in D dimensions, by the Marchenko–Pastur law; in (−1, 1).

    0 is full invariance with centroids spread at random; below 0, more evenly than that, down to minus what uniform
    points reach (0.151 at P = D, near 0 where P and D are far apart). High is collapse, or views that are apart. The
    law is the limit of large P and D: a few tens of samples are off by about 0.01. Costs what `percent_error` does.

    Args:
        z: views of samples; or rows, each its own centroid.

    Raises:
        ValueError: z is not finite, or has no row.

    Source: derived; sharper than mmcr, App. D.
    """
    return percent_error(z) - uniform_percent_error(z.shape[-2], z.shape[-1])


def _centroid_spectrum(z: Float[Tensor, "K P D"]) -> Float64[Tensor, "M"]:
    centroids = (normalize(views).mean(0) for views in view_blocks(z))
    P, D = z.shape[1:]
    if P <= D or P * D <= 2**20:
        return singular_values(torch.cat(list(centroids)))
    gram = z.new_zeros(D, D, dtype=torch.float64)
    for rows in centroids:
        gram.addmm_(rows.mT, rows)
    return singular_values_of_gram(gram)
