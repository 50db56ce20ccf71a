"""Encoder: from pixels to features."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn


class Encoder(nn.Module):
    """A net with normalization of pixels before it and flattening to one feature vector per image after it.

    Args:
        net: any module from images [N,C,H,W] to features [N,...]; available as `encoder.net`.
        mean: mean of each channel of pixels in [0,1].
        std: standard deviation of each channel.
        size: side in pixels of a blank image that is used to find the number of features, if the net does not state it.

    Raises:
        ValueError: mean and std differ in length, or a standard deviation is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, mean: Sequence[float], std: Sequence[float], size: int = 32):
        super().__init__()
        if len(mean) != len(std) or not all(s > 0 for s in std):
            raise ValueError(f"every channel needs a mean and a positive standard deviation, not {mean} and {std}")
        self.net = net
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32))
        self.features = _stated_features(net) or self._found_features(size)

    def forward(self, images: Float[Tensor, "N C H W"] | UInt8[Tensor, "N C H W"]) -> Float[Tensor, "N d_enc"]:
        """Features of images, uint8 or float in [0,1]."""
        if images.dtype == torch.uint8:
            images = images / 255
        return self.net((images - self.mean[:, None, None]) / self.std[:, None, None]).flatten(1)

    @torch.no_grad()
    def _found_features(self, size: int) -> int:
        """Number of features for a blank image, which does not update running statistics."""
        parameter = next(self.net.parameters(), self.mean)
        training = self.net.training
        features = self.net.eval()(parameter.new_zeros(1, len(self.mean), size, size)).flatten(1).shape[1]
        self.net.train(training)
        return features


def _stated_features(net: nn.Module) -> int | None:
    """Number of features that our nets (`features`) and timm's (the others) state; elsewhere these may be modules."""
    stated = (getattr(net, name, None) for name in ("features", "head_hidden_size", "num_features"))
    return next((value for value in stated if isinstance(value, int)), None)
