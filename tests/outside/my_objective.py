"""An objective of somebody else's: nothing in eigenview knows it, and recipes name it `my_objective:Frame`."""

from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import mean_over_ranks, world_size
from eigenview.linalg import gram, normalize
from eigenview.objectives import Objective, Reference


class Frame(Objective):
    """Aligned views whose samples are a tight frame: minus the mean cosine of views, plus the frame potential.

    Args:
        weight: the weight of the frame potential, the mean squared cosine of two samples, with repetition.

    Source: the frame potential is Benedetto and Fickus 2003; on the unit sphere it is at least 1 / min(P, D).
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`alignment` and `potential`."""
        z = normalize(z)
        cosines = torch.stack([(first * second).sum(-1).mean() for first, second in combinations(z, 2)])
        P = world_size() * z.shape[1]
        potential = (gram(z) / P).square().sum((-2, -1)).mean()
        return {"alignment": -mean_over_ranks(cosines.mean()), "potential": self.weight * potential}

    def reference(self, K: int, P: int, D: int) -> Reference:
        """The potential is 1 at collapse, and 1/P + (1 − 1/P)/D for uniform samples."""
        self.check_shape(K, P)
        uniform, least = 1 / P + (1 - 1 / P) / D, 1 / min(P, D)
        return Reference(*(self.weight * potential - 1 for potential in (1.0, uniform, least)))
