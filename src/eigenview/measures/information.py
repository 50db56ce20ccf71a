"""How much one view of a sample tells about another: the reconstruction term, and a surrogate of the information."""

from dataclasses import dataclass
from math import e, log, pi

from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import view_blocks
from eigenview.measures.alignment_uniformity import check_views
from eigenview.measures.entropies import log_det_entropy, positive
from eigenview.measures.spec import measure


@dataclass(frozen=True)
class InformationBound:
    """An upper bound on the entropy of embeddings, plus the reconstruction term, in nats.

    Args:
        entropy: upper bound on H(Z), that of the Gaussian with the same covariance.
        reconstruction: E log q(z|z′).
        value: their sum, which does not bound the information in either direction.
    """

    entropy: float
    reconstruction: float
    value: float


@measure(
    needs="views",
    meaning="how well one view predicts another, in nats; falls with scale",
    group="information",
)
def reconstruction(views: Float[Tensor, "K P D"], variance: float | None = None) -> float:
    """How well one view predicts another: mean of log q(z|z′), in nats, over pairs of views, q Gaussian about z′.

    −½D·log 2πσ² − E‖z − z′‖²/2σ². High is views that are close. With σ² fitted, which is E‖z − z′‖²/D, it is
    −½D·(log 2πσ² + 1), and grows without bound as views become the same.

    Costs KPD operations and 128 MiB.

    Args:
        views: at least two views of each sample.
        variance: σ² of each dimension; by default it is fitted by maximum likelihood.

    Raises:
        ValueError: views are not finite, fewer than two, or none; the variance is not positive and finite; views are
            all the same, and no variance is given.

    Source: information (NOTES 5).
    """
    check_views(views, "reconstruction")
    K, P, D = views.shape
    total = 0.0
    for block in view_blocks(views, "views"):
        # Relative to one of the views, so that views that are all the same are at exactly zero.
        block -= block[0].clone()
        total += float(block.sub_(block.mean(0)).square().sum())
    # Pairs of K points have a mean squared distance of 2K/(K − 1) times that from their centre.
    distance = 2 * total / (K - 1) / P
    if variance is None:
        if not distance:
            raise ValueError("views that are all the same have no variance to fit: pass variance=")
        variance = distance / D
    return -D / 2 * log(2 * pi * positive("variance", variance)) - distance / (2 * variance)


def information_bound(
    views: Float[Tensor, "K P D"], variance: float | None = None, ridge: float = 1e-6
) -> InformationBound:
    """The sum H + E log q(z|z′) that multi-view objectives raise, with an upper bound in place of the entropy H.

    With the true entropy of embeddings it would be a lower bound on the information that views share. An *upper* bound
    on the entropy, ½ log det(2πe(βI + Σ)), is what objectives raise and what can be computed, so **the value is
    not guaranteed to bound the information** in either direction; it is close where embeddings are Gaussian.

    High is embeddings that are spread out, with views that are close. It is unbounded: views that become
    the same raise it without limit if σ² is fitted, and embeddings that fill fewer dimensions lower it, by
    ½ log 1/β for each.

    Costs one SVD of the views, or a streamed D × D Gram matrix where K·P·D > 2²⁰; a copy if views are not contiguous.

    Args:
        views: at least two views of each sample.
        variance: σ² of q; by default it is fitted.
        ridge: β, in units of the embeddings' variance; positive.

    Raises:
        ValueError: views are not finite, or fewer than two; the variance or the ridge is not positive and finite; views
            are all the same, and no variance is given.

    Source: information (NOTES 5); mmcr, MI bound.
    """
    known = reconstruction(views, variance)
    D = views.shape[2]
    entropy = log_det_entropy(views.flatten(0, 1), ridge) + D / 2 * log(2 * pi * e)
    return InformationBound(entropy, known, entropy + known)
