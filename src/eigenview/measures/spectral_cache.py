"""What the measures of one spectrum share."""

from functools import cached_property

from jaxtyping import Float, Float64
from torch import Tensor

from eigenview import linalg


class SpectralCache:
    """Features of which several things are asked: what spectral measures share is worked out once, when first needed.

    Each of them takes a cloud in place of features, and then the panel costs little more than its first two:

        cloud = Cloud(features)
        effective_rank(cloud), stable_rank(cloud), participation_ratio(cloud), alpha_req(cloud)

    Features of up to 2²⁰ entries have their own float64 SVD. More are streamed into a D × D Gram matrix (N × N where
    N < D), which leaves of singular values below some 1e-8 of the largest only rounding.

    Args:
        features: a row a sample (or a view of one); features or embeddings. They must not change
            while the cloud is used.

    Raises:
        ValueError: there are none, or they are no matrix. That they are finite is checked when something is first
            worked out.
    """

    def __init__(self, features: Float[Tensor, "N D"]) -> None:
        if features.ndim != 2:
            raise ValueError(f"features must be [N, D], not {[*features.shape]}: views are rows after flatten(0, 1)")
        if not features.numel():
            raise ValueError(f"features of {features.shape[0]} × {features.shape[1]} are empty: a row is needed")
        features = features.detach()
        self.features = features if linalg.should_stream(features) else features.double()

    @cached_property
    def singular_values(self) -> Float64[Tensor, "M"]:
        """Of the uncentred features, largest first; M = min(N, D)."""
        return self._singular_values(centred=False)

    @cached_property
    def variances(self) -> Float64[Tensor, "M"]:
        """Eigenvalues of the sample covariance, over N − 1, largest first; M = min(N, D), what is beyond is zero.

        Raises:
            ValueError: fewer than two rows.
        """
        if len(self.features) < 2:
            raise ValueError(f"a variance needs at least two rows, not {len(self.features)}")
        return self._singular_values(centred=True).square() / (len(self.features) - 1)

    @cached_property
    def moments(self) -> linalg.Moments:
        """Mean, Gram matrix and scatter of the rows."""
        return linalg.moments(self.features)

    def _singular_values(self, centred: bool) -> Float64[Tensor, "M"]:
        N, D = self.features.shape
        if N >= D and linalg.should_stream(self.features):
            return linalg.singular_values_of_gram(self.moments.scatter if centred else self.moments.gram)
        return linalg.singular_values(self.features, centred)


def as_cloud(features: Float[Tensor, "N D"] | SpectralCache) -> SpectralCache:
    """The features' cloud, or the cloud itself."""
    return features if isinstance(features, SpectralCache) else SpectralCache(features)
