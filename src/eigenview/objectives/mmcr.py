"""Maximum manifold capacity representations."""

from math import sqrt

from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import mean_over_ranks
from eigenview.linalg import normalize, nuclear_norm, uniform_percent_error
from eigenview.objectives.base import Caution, Objective, Reference, weight
from eigenview.objectives.loss_theory import CentroidNuclearNorm, LossTheory, NotCovered


class MMCR(Objective):
    """Negative nuclear norm of the samples' centroids on the unit sphere.

    Args:
        local_weight: weight of the mean nuclear norm of each sample's own views; 0 is the paper's loss.

    Raises:
        UsageError: a weight that is negative or not finite.

    Source: mmcr, Sec. 2. The unnormalised loss is unbounded below, so normalising is part of it.
    """

    views_needed = 1
    samples_needed = 1

    def __init__(self, local_weight: float = 0.0) -> None:
        super().__init__()
        self.local_weight = weight("local_weight", local_weight)

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`centroids`, and `local` where it has a weight."""
        z = normalize(z)
        terms = {"centroids": -nuclear_norm(z.mean(0), across_ranks=True)}
        if self.local_weight:
            terms["local"] = self.local_weight * mean_over_ranks(nuclear_norm(z.transpose(0, 1)).mean())
        return terms

    def reference(self, K: int, P: int, D: int) -> Reference:
        """With equal views a sample's own nuclear norm is √K, its least; so that is the local term of all three."""
        self.check_shape(K, P)
        local = self.local_weight * sqrt(K)
        best = -sqrt(P * min(P, D))
        # The limit law falls short of √P, the least that unit rows have, where P or D is nearly 1.
        uniform = min(best * (1 - uniform_percent_error(P, D)), -sqrt(P))
        return Reference(collapsed=local - sqrt(P), uniform=local + uniform, best=local + best)

    def cautions(self, K: int, P: int, D: int) -> list[Caution]:
        """With as many samples as dimensions even perfect embeddings stay furthest from the bound (mmcr, Fig. 3)."""
        if max(P, D) >= 1.5 * min(P, D):
            return []
        here, there = uniform_percent_error(P, D), uniform_percent_error(P, 2 * D)
        return [
            Caution(
                "P near D",
                f"with P = {P} and D = {D}, even uniform embeddings stay {here:.1%} short of MMCR's bound; "
                f"with D = {2 * D} the gap would be {there:.1%}",
                "a batch size (training.P) or an embedding dimension (projector.D) at least twice the other",
            )
        ]

    def theory(self, K: int, P: int, D: int) -> LossTheory | NotCovered:
        """That of the paper's loss, without a local term."""
        self.check_shape(K, P)
        if self.local_weight:
            return NotCovered("theory describes MMCR only without its local_weight")
        return CentroidNuclearNorm(K)
