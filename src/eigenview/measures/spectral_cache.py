"""What spectral measures share: singular values, variances and moments of the same features, computed once."""

from functools import cached_property

from jaxtyping import Float, Float64
from torch import Tensor

from eigenview import linalg


class SpectralCache:
    """Features with the singular values, variances and moments that spectral measures share, each computed once.

    Each spectral measure takes a cache in place of features; all of them then cost little more than the first two:

        cache = SpectralCache(features)
        effective_rank(cache), stable_rank(cache), participation_ratio(cache), alpha_req(cache)

    Features of up to 2²⁰ entries are decomposed by a float64 SVD. Larger ones are streamed into a D × D Gram matrix
    (N × N where N < D), which leaves only rounding of singular values below about 1e-8 of the largest.

    Args:
        features: one row for each sample (or view); features or embeddings. They must not change while the cache is in
            use.

    Raises:
        ValueError: features are empty, or are not a matrix. Whether they are finite is checked at the first use.
    """

    def __init__(self, features: Float[Tensor, "N D"]) -> None:
        if features.ndim != 2:
            raise ValueError(f"features must be [N, D], not {[*features.shape]}: views are rows after flatten(0, 1)")
        if not features.numel():
            raise ValueError(f"features of {features.shape[0]} × {features.shape[1]} are empty: a row is needed")
        features = features.detach()
        self.features = features if linalg.should_stream(features) else features.double()

    @classmethod
    def of(cls, features: "Float[Tensor, 'N D'] | SpectralCache") -> "SpectralCache":
        """A cache of features; a cache is returned as it is."""
        return features if isinstance(features, SpectralCache) else cls(features)

    @cached_property
    def singular_values(self) -> Float64[Tensor, "M"]:
        """Singular values of the uncentred features, largest first; M = min(N, D)."""
        return self._singular_values(centred=False)

    @cached_property
    def variances(self) -> Float64[Tensor, "M"]:
        """Eigenvalues of the sample covariance, over N − 1, largest first; M = min(N, D), further ones are zero.

        Raises:
            ValueError: there are fewer than two rows.
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
