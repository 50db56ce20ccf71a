"""SimSiam."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from eigenview.objectives.base import Reference, TeacherObjective
from eigenview.objectives.predictor import Predictor, predicted_cosine


class SimSiam(TeacherObjective):
    """Minus the cosine of what a predictor makes of one view with the other view, which no gradient reaches.

    For K > 2 it is the mean over ordered pairs of views.

    Args:
        D: dimensions of the embeddings.
        hidden: widths of the predictor's hidden layers; by default one, a quarter of D, the authors' bottleneck.
        batch_norm: batch norm in them, over the samples of all ranks.

    Raises:
        UsageError: a width below 1.

    Source: Chen & He 2021, Eq. 2.
    """

    def __init__(self, D: int, hidden: Sequence[int] | None = None, batch_norm: bool = True) -> None:
        super().__init__()
        self.predictor = Predictor(D, (max(1, D // 4),) if hidden is None else hidden, batch_norm)

    def terms_against(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`prediction`."""
        return {"prediction": -predicted_cosine(self.predictor, z, target)}

    def reference(self, K: int, P: int, D: int) -> Reference:
        """All for a predictor that has learned to predict what it is given: the loss does not know collapse.

        So all three are −1, and it has no scale.
        """
        self.check_shape(K, P)
        return Reference(collapsed=-1.0, uniform=-1.0, best=-1.0)
