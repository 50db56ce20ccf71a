"""The spectrum of a cloud of features."""

from jaxtyping import Float
from torch import Tensor

from eigenview import spectra


def spectrum(features: Float[Tensor, "N D"]) -> Float[Tensor, "M"]:
    """Singular values of the uncentred features, largest first; M = min(N, D).

    Args:
        features: a row a sample (or a view of one); features or embeddings.

    Raises:
        ValueError: features that are not finite.
    """
    return spectra.singular_values(features.detach())


def effective_rank(features: Float[Tensor, "N D"]) -> float:
    """How many directions features fill: RankMe, between 1 (all on a line) and min(N, D) (isotropic).

    Low is dimensional collapse. Features of zeros fill none: 0. RankMe's 1e-7 a share lifts it by less
    than 2e-6 times min(N, D) of its value. Costs one SVD.

    Args:
        features: a row a sample; uncentred.

    Raises:
        ValueError: features that are not finite.

    Source: RankMe, Garrido et al. 2023, Eq. 1.
    """
    return float(spectra.effective_rank(spectrum(features)))
