"""What is trained: an encoder and its projector."""

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from eigenview.nets.encoder import Encoder


class Model(nn.Module):
    """Views to features and embeddings.

    All K·P views go through as one batch, so batch norm's statistics are those of all the views together.

    Args:
        encoder: from images to features.
        projector: from features [N,d_enc] to embeddings [N,D].
    """

    def __init__(self, encoder: Encoder, projector: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.projector = projector

    def forward(
        self, images: Float[Tensor, "K P C H W"] | UInt8[Tensor, "K P C H W"]
    ) -> tuple[Float[Tensor, "K P d_enc"], Float[Tensor, "K P D"]]:
        """Features h and embeddings z of the views of a batch, uint8 or float in [0,1]."""
        views = images.shape[:2]
        h = self.encoder(images.flatten(0, 1))
        z = self.projector(h)
        return h.unflatten(0, views), z.unflatten(0, views)
