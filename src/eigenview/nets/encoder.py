"""From pixels to features."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn


class Encoder(nn.Module):
    """A net that takes pixels: it normalises them first, and flattens what comes out to one vector an image.

    Args:
        net: any module from images [N,C,H,W] to features [N,...]; it stays reachable as `encoder.net`.
        mean: of the pixels in [0,1], one a channel.
        std: of the pixels in [0,1], one a channel.
        size: side in pixels of the blank image that tells the number of features, for a net that does not.

    Raises:
        ValueError: means and deviations that do not pair, or a deviation that is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, mean: Sequence[float], std: Sequence[float], size: int = 32):
        super().__init__()
        if len(mean) != len(std) or not all(s > 0 for s in std):
            raise ValueError(f"a channel needs a mean and a positive standard deviation, not {mean} and {std}")
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
        """Features that come out for a blank image, which no running statistic gets to see."""
        parameter = next(self.net.parameters(), self.mean)
        training = self.net.training
        features = self.net.eval()(parameter.new_zeros(1, len(self.mean), size, size)).flatten(1).shape[1]
        self.net.train(training)
        return features


def _stated_features(net: nn.Module) -> int | None:
    """What our nets (`features`) and timm's (the others) say of themselves; elsewhere these may be modules."""
    stated = (getattr(net, name, None) for name in ("features", "head_hidden_size", "num_features"))
    return next((value for value in stated if isinstance(value, int)), None)
