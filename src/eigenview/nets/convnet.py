"""A small convolutional net for images of about 8×8."""

from torch import nn


class ConvNet(nn.Sequential):
    """Six 3×3 convolutions, each with batch norm and ReLU, and an average over what is left of the image.

    Args:
        width: channels of the first two layers; doubled where the image is halved, after two and after four layers.
        channels: of the images, which may be of any size from 4×4 on.

    Raises:
        ValueError: a width below 1.
    """

    def __init__(self, width: int = 64, channels: int = 3):
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width}")
        super().__init__(
            *_layer(channels, width, stride=1),
            *_layer(width, width, stride=1),
            *_layer(width, 2 * width, stride=2),
            *_layer(2 * width, 2 * width, stride=1),
            *_layer(2 * width, 4 * width, stride=2),
            *_layer(4 * width, 4 * width, stride=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.features = 4 * width


def _layer(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
