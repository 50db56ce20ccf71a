"""Projector: from features to embeddings."""

from collections.abc import Sequence

from torch import nn


class Projector(nn.Sequential):
    """The identity, a linear map, or an MLP; its last module `projector[-1]` is the linear map `W`.

    `W` has no bias: objectives that center z ignore it, for the others it only shifts embeddings, and VICReg's authors
    leave it out too. A hidden layer has no bias where batch norm would remove it.

    Args:
        d_enc: number of features.
        D: dimension of the embeddings; 0 for the identity, whatever `hidden` is.
        hidden: widths of the hidden layers (linear, batch norm, ReLU); empty for a linear projector.
        batch_norm: whether hidden layers have batch norm.

    Raises:
        ValueError: a width is below 1, or D is below 0.
    """

    def __init__(self, d_enc: int, D: int, hidden: Sequence[int] = (2048,), batch_norm: bool = True):
        if D < 0 or any(width < 1 for width in (d_enc, *hidden)):
            raise ValueError(f"a projector needs positive widths, not {[d_enc, *hidden, D]}")
        super().__init__()
        if D == 0:
            return
        inputs = d_enc
        for width in hidden:
            self.append(nn.Linear(inputs, width, bias=not batch_norm))
            if batch_norm:
                self.append(nn.BatchNorm1d(width))
            self.append(nn.ReLU(inplace=True))
            inputs = width
        self.append(nn.Linear(inputs, D, bias=False))

    def __getitem__(self, index: int | slice) -> nn.Module:
        """One module, or a slice as a plain `nn.Sequential`: `projector[:-1]` is everything before `W`."""
        return nn.Sequential(*self)[index]
