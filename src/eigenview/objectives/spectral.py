"""The spectral contrastive loss."""

from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import all_gather, all_reduce_sum, mean_over_ranks, world_size
from eigenview.linalg import gram
from eigenview.objectives.base import Objective, Reference
from eigenview.objectives.loss_theory import SpectralContrast


class SpectralContrastive(Objective):
    """Minus twice the product of two views, plus the mean squared product of views of different samples.

    Embeddings are not normalised. (The authors' code cuts rows down to a length √μ; their paper, followed here, does
    not.) For K > 2 it is the mean over pairs of views.

    Source: HaoChen et al. 2021; landscape (NOTES 3).
    """

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`alignment`, minus twice the partners' product, and `uniformity`, the mean square of the others'."""
        pairs = list(combinations(z, 2))
        own = torch.stack([(first * second).sum(-1) for first, second in pairs])
        P = world_size() * z.shape[1]
        squares = self._by_dimensions(z, own) if z.shape[2] <= P else self._by_samples(pairs)
        return {"alignment": -2 * mean_over_ranks(own.mean()), "uniformity": squares / (P * (P - 1))}

    def _by_dimensions(self, z: Float[Tensor, "K P D"], own: Float[Tensor, "pairs P"]) -> Float[Tensor, ""]:
        """Σ_ij (a_i·b_j)² = ⟨AᵀA, BᵀB⟩, of which Σ_i (a_i·b_i)² is not a product of different samples."""
        every = torch.stack([(first * second).sum() for first, second in combinations(gram(z), 2)])
        return every.mean() - all_reduce_sum(own.square().sum(-1).mean(), identical_use=True)

    def _by_samples(self, pairs: list[tuple[Tensor, Tensor]]) -> Float[Tensor, ""]:
        """A rank's own rows against those of all, which are fewer than dimensions."""
        products = torch.stack([first @ all_gather(second).mT for first, second in pairs])
        start = products.shape[1] * torch.distributed.get_rank() if world_size() > 1 else 0
        itself = torch.ones_like(products[0], dtype=torch.bool).triu(start).tril(start)
        return all_reduce_sum(products.masked_fill(itself, 0).square().sum((-2, -1)).mean(), identical_use=True)

    def reference(self, K: int, P: int, D: int) -> Reference:
        """A batch collapsed to a vector of length r has the loss −2r² + r⁴, at the least −1.

        Uniform is taken on the sphere of the best radius, √D: there different samples' products have the mean square D,
        exactly, and the loss is −D, which is the bound for infinitely many samples.

        For finitely many there is no bound: one row may grow while the others stay zero, since its product with itself
        is not among those that are kept small.
        """
        self.check_shape(K, P)
        return Reference(collapsed=-1.0, uniform=-float(D), best=None)

    def theory(self, K: int, P: int, D: int) -> SpectralContrast:
        """Its own."""
        self.check_shape(K, P)
        return SpectralContrast()
