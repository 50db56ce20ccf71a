"""The model that is trained: an encoder and its projector."""

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from eigenview.nets.encoder import Encoder


class Model(nn.Module):
    """Maps views to features and embeddings.

    All K·P views form one batch, so statistics of batch norm are those of all views together.

    Args:
        encoder: maps images to features.
        projector: maps features [N,d_enc] to embeddings [N,D].
    """

    def __init__(self, encoder: Encoder, projector: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.projector = projector

    def forward(
        self, images: Float[Tensor, "K P C H W"] | UInt8[Tensor, "K P C H W"]
    ) -> tuple[Float[Tensor, "K P d_enc"], Float[Tensor, "K P D"]]:
        """Features h and embeddings z of a batch of views, uint8 or float in [0,1]."""
        views = images.shape[:2]
        h = self.encoder(images.flatten(0, 1))
        z = self.projector(h)
        return h.unflatten(0, views), z.unflatten(0, views)
