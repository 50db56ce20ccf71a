"""BYOL."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from eigenview.objectives.base import Reference, TeacherObjective
from eigenview.objectives.predictor import Predictor, predicted_cosine


class BYOL(TeacherObjective):
    """Squared distance, on the unit sphere, of what a predictor makes of one view from a teacher's other view.

    For K > 2 it is the mean over ordered pairs of views.

    Args:
        D: dimensions of the embeddings.
        hidden: widths of the predictor's hidden layers; the authors have one, of 4096 for D = 256.
        batch_norm: batch norm in them, over the samples of all ranks.

    Raises:
        UsageError: a width below 1.

    Source: Grill et al. 2020, Eq. 2; a mean over pairs of views, where theirs is a sum over both.
    """

    samples_needed = 1

    def __init__(self, D: int, hidden: Sequence[int] = (256,), batch_norm: bool = True) -> None:
        super().__init__()
        self.predictor = Predictor(D, hidden, batch_norm)

    def terms_against(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`prediction`."""
        return {"prediction": 2 - 2 * predicted_cosine(self.predictor, z, target)}

    def reference(self, K: int, P: int, D: int) -> Reference:
        """The loss does not know collapse: once the predictor has learned a collapsed batch, it is at its bound, 0.

        So it has no scale. With uniform embeddings it depends on the predictor.
        """
        self.check_shape(K, P)
        return Reference(collapsed=0.0, uniform=None, best=0.0)
