"""A small convolutional net for images of about 8×8."""

from jaxtyping import Float
from torch import Tensor, nn


class ConvNet(nn.Module):
    """Six 3×3 convolutions, each with batch norm and ReLU, followed by global average pooling.

    Args:
        width: channels of the first two layers; doubled at each of the two strides, after two and after four layers.
        channels: number of image channels; images may have any size from 4×4.

    Raises:
        ValueError: width is below 1.
    """

    def __init__(self, width: int = 64, channels: int = 3):
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width}")
        super().__init__()
        self.layers = nn.Sequential(
            *_layer(channels, width, stride=1),
            *_layer(width, width, stride=1),
            *_layer(width, 2 * width, stride=2),
            *_layer(2 * width, 2 * width, stride=1),
            *_layer(2 * width, 4 * width, stride=2),
            *_layer(4 * width, 4 * width, stride=1),
        )
        self.features = 4 * width

    def forward(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N d_enc"]:
        return self.layers(images).mean((2, 3))


def _layer(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
