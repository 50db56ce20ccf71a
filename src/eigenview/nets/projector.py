"""From features to embeddings."""

from collections.abc import Sequence

from torch import nn


class Projector(nn.Sequential):
    """No projector at all, a linear one, or an MLP; its last module `projector[-1]` is the linear map `W`.

    `W` has no bias: it would be lost on an objective that centres z, it only moves the others off their scale, and
    VICReg's authors leave it out too. A hidden layer has none where batch norm would remove it.

    Args:
        d_enc: features.
        D: dimensions of the embeddings; 0 is no projector at all, whatever `hidden` says.
        hidden: widths of the hidden layers (linear, batch norm, ReLU); none is a linear projector.
        batch_norm: batch norm in hidden layers.

    Raises:
        ValueError: a width below 1, or D below 0.
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
        """One module, or several as a plain `nn.Sequential`: `projector[:-1]` is all that comes before `W`."""
        return nn.Sequential(*self)[index]
