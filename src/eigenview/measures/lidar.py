"""LiDAR: how many directions separate samples, relative to how augmentation moves their views."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import effective_rank, view_blocks
from eigenview.measures.alignment_uniformity import check_views
from eigenview.measures.spec import measure


@measure(
    needs="views",
    direction="high",
    meaning="number of directions that separate samples, relative to augmentation's noise",
    group="views",
    essential=True,
)
def lidar(z: Float[Tensor, "K P D"], ridge: float = 1e-4) -> float:
    """LiDAR, the effective rank of linear discriminant analysis whose classes are samples and whose members are views.

    It is exp of the entropy of the eigenvalues' shares of Σ_w^−½ Σ_b Σ_w^−½, Σ_b the covariance of centroids and Σ_w
    that of views about them plus the ridge; between 1 and min(P − 1, D), but for the 1e-7 a share of RankMe. Low is
    samples that differ in few directions compared with what augmentation does; complete collapse is 0. The ridge makes
    it depend on the scale of z. The paper takes features after the projector, K = 50 and P of a thousand or more; for
    small K, or P < D, it is biased. Costs two passes, and eigenvectors and eigenvalues of D × D matrices.

    Args:
        z: views of samples, two at least of two at least. A queue of rows will not do unless it keeps which rows are
            views of one sample.
        ridge: δ, added to the diagonal of Σ_w.

    Raises:
        ValueError: z is not finite; fewer than two views or samples; the ridge is not positive.

    Source: LiDAR, Thilak et al. 2023 (here with unbiased covariances).
    """
    check_views(z, "LiDAR", P=2)
    if not ridge > 0:
        raise ValueError(f"ridge must be positive, not {ridge}")
    K, P, D = z.shape
    # Relative to one of the views, so that complete collapse is exactly zero and a distant mean costs no precision.
    origin = z[0, 0].detach().double()
    mean = torch.stack([views.sub_(origin).mean(0).sum(0) for views in view_blocks(z)]).sum(0) / P
    between, within = (z.new_zeros(D, D, dtype=torch.float64) for _ in range(2))
    for views in view_blocks(z):
        views -= origin
        centroids = views.mean(0)
        apart, off = views.sub_(centroids).flatten(0, 1), centroids - mean
        within.addmm_(apart.mT, apart, alpha=1 / (P * (K - 1)))
        between.addmm_(off.mT, off, alpha=1 / (P - 1))
    # Not by Cholesky, which fails where the ridge is below the rounding of large variances.
    values, vectors = torch.linalg.eigh(within)
    white = vectors / (values.clamp_min(0) + ridge).sqrt()
    return float(effective_rank(torch.linalg.eigvalsh(white.mT @ between @ white).clamp_min(0)))
