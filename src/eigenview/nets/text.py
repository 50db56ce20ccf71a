"""A transformer that reads texts."""

from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from eigenview.nets.vocabulary import END


class TextTransformer(nn.Module):
    """From the pieces of a text to the features of the whole: those at its end, which alone has seen all of it.

    Blocks normalise before they change (pre-norm). A piece attends to those before it and itself (causal), so what
    texts are filled up with behind their ends changes nothing.

    Args:
        vocabulary: pieces that there are.
        context: pieces that a text may have.
        width: features of a piece and of a text.
        depth: blocks.
        heads: of attention; they share the width.

    Raises:
        ValueError: a number below 1, or a width that the heads cannot share.

    Source: Radford et al. 2021, Sec. 2.4.
    """

    mask: Tensor

    def __init__(self, vocabulary: int, context: int = 32, width: int = 128, depth: int = 2, heads: int = 4):
        if min(vocabulary, context, width, depth, heads) < 1:
            raise ValueError(f"sizes must be at least 1, not {[vocabulary, context, width, depth, heads]}")
        if width % heads:
            raise ValueError(f"{heads} heads cannot share a width of {width}")
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
        """Features of texts of L pieces, L at most the context; each has an end."""
        L = tokens.shape[1]
        x = self.pieces(tokens) + self.places[:L]
        with _attention(x.device.type):
            for block in self.blocks:
                x = block(x, src_mask=self.mask[:L, :L], is_causal=True)
        ends = (tokens == END).int().argmax(1)
        return self.norm(x[torch.arange(len(x), device=x.device), ends])


def _attention(device: str) -> AbstractContextManager[object]:
    """On a CPU plain products: of texts this short the fused kernel's backward makes a step in bf16 twice as long."""
    return sdpa_kernel(SDPBackend.MATH) if device == "cpu" else nullcontext()
