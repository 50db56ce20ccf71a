"""The model that is trained on images and captions: one tower each, with a shared embedding space."""

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from eigenview.nets.encoder import Encoder
from eigenview.nets.text import TextTransformer


class TwoTower(nn.Module):
    """Maps images and texts to features of the images and embeddings of both.

    Its image tower has the attribute names of a `Model`, so code that reads one reads the other.

    Args:
        encoder: maps images to features.
        projector: maps features of images to embeddings [P, D].
        text_encoder: maps tokens to features of texts.
        text_projector: maps features of texts to embeddings [P, D].
    """

    def __init__(
        self, encoder: Encoder, projector: nn.Module, text_encoder: TextTransformer, text_projector: nn.Module
    ):
        super().__init__()
        self.encoder = encoder
        self.projector = projector
        self.text_encoder = text_encoder
        self.text_projector = text_projector

    def forward(
        self,
        images: Float[Tensor, "P C H W"] | UInt8[Tensor, "P C H W"],
        tokens: Int64[Tensor, "P L"],
    ) -> tuple[Float[Tensor, "1 P d_enc"], Float[Tensor, "2 P D"]]:
        """Features h of the images, and embeddings z: z[0] of the images and z[1] of the texts, paired by row."""
        h = self.encoder(images)
        z = self.projector(h), self.text_projector(self.text_encoder(tokens))
        return h[None], torch.stack(z)

    def embed_texts(self, tokens: Int64[Tensor, "N L"]) -> Float[Tensor, "N D"]:
        """Embeddings of texts."""
        return self.text_projector(self.text_encoder(tokens))

    def embed_images(self, images: Float[Tensor, "N C H W"] | UInt8[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """Embeddings of images."""
        return self.projector(self.encoder(images))
