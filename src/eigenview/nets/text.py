"""Transformer encoder of texts."""

from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from eigenview.nets.vocabulary import END


class TextTransformer(nn.Module):
    """Causal pre-norm transformer from tokens to the features of a text: those at its end token.

    A token attends to itself and to earlier tokens, so padding after the end token changes nothing.

    Args:
        vocabulary: vocabulary size.
        context: largest number of tokens in a text.
        width: number of features of a token and of a text.
        depth: number of blocks.
        heads: number of attention heads; must divide width.

    Raises:
        ValueError: a number is below 1, or heads do not divide width.

    Source: Radford et al. 2021, Sec. 2.4.
    """

    mask: Tensor

    def __init__(self, vocabulary: int, context: int = 32, width: int = 128, depth: int = 2, heads: int = 4):
        if min(vocabulary, context, width, depth, heads) < 1:
            raise ValueError(f"sizes must be at least 1, not {[vocabulary, context, width, depth, heads]}")
        if width % heads:
            raise ValueError(f"heads must divide width, but {heads} does not divide {width}")
        super().__init__()
        self.pieces = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(0.01 * torch.randn(context, width))
        nn.init.normal_(self.pieces.weight, std=0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context), persistent=False)
        self.features = width

    def forward(self, tokens: Int64[Tensor, "N L"]) -> Float[Tensor, "N d"]:
        """Features of texts of L tokens, L at most the context; each text has an end token."""
        L = tokens.shape[1]
        x = self.pieces(tokens) + self.places[:L]
        with _attention(x.device.type):
            for block in self.blocks:
                x = block(x, src_mask=self.mask[:L, :L], is_causal=True)
        ends = (tokens == END).int().argmax(1)
        return self.norm(x[torch.arange(len(x), device=x.device), ends])


def _attention(device: str) -> AbstractContextManager[object]:
    """Plain matrix products on a CPU: for texts this short the fused kernel's backward pass doubles a step in bf16."""
    return sdpa_kernel(SDPBackend.MATH) if device == "cpu" else nullcontext()
