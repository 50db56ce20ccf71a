"""BYOL."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import normalize
from eigenview.objectives.base import Reference, TeacherObjective, weight
from eigenview.objectives.entropies import Entropy, build_entropy
from eigenview.objectives.predictor import Predictor, predicted_cosine


class BYOL(TeacherObjective):
    """Squared distance, on the unit sphere, of what a predictor makes of one view from a teacher's other view.

    Without a target it is compared with its own embeddings; a recipe's `teacher.momentum` makes a teacher. For K > 2 it
    is the mean over ordered pairs of views; the entropy, if there is one, is the mean over views.

    Args:
        D: dimensions of the embeddings.
        hidden: widths of the predictor's hidden layers; the authors have one, of 4096 for D = 256.
        batch_norm: batch norm in them, over the samples of all ranks.
        entropy: an estimate of the embeddings' entropy to maximise besides: an `Entropy`, or what `build_entropy` makes
            one of, such as "LogDet". It takes rows of length √D, at which dimensions have unit variance.
        entropy_weight: its weight.

    Raises:
        UsageError: a width below 1, no such estimate, or a weight that is negative or not finite.

    Source: Grill et al. 2020, Eq. 2; a mean over pairs of views, where theirs is a sum over both. The entropy is
    information's (NOTES 5), whose text breaks off before its weight.
    """

    def __init__(
        self,
        D: int,
        hidden: Sequence[int] = (256,),
        batch_norm: bool = True,
        entropy: Entropy | str | Mapping[str, Any] | None = None,
        entropy_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.predictor = Predictor(D, hidden, batch_norm)
        self.entropy = None if entropy is None else build_entropy(entropy)
        self.entropy_weight = weight("entropy_weight", entropy_weight)

    def terms_against(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`prediction`, and `entropy`, its negative, weighted, where there is one."""
        terms = {"prediction": 2 - 2 * predicted_cosine(self.predictor, z, target)}
        if self.entropy is not None:
            entropies = torch.stack([self.entropy(view) for view in normalize(z) * sqrt(z.shape[2])])
            terms["entropy"] = -self.entropy_weight * entropies.mean()
        return terms

    def reference(self, K: int, P: int, D: int) -> Reference:
        """All for a predictor that has learned to predict what it is given: then no prediction is better than another.

        So without an entropy the loss does not know collapse: all three are 0, and it has no scale.
        """
        self.check_shape(K, P)
        if self.entropy is None:
            return Reference(collapsed=0.0, uniform=0.0, best=0.0)
        return Reference(
            collapsed=-self.entropy_weight * self.entropy.collapsed(P, D),
            uniform=-self.entropy_weight * self.entropy.uniform(P, D, sqrt(D)),
            best=-self.entropy_weight * self.entropy.most(P, D, sqrt(D)),
        )
