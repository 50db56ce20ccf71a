"""Residual networks whose weights are interchangeable with torchvision's and timm's."""

from jaxtyping import Float
from torch import Tensor, nn

from eigenview._names import nearest


class ResNet(nn.Module):
    """A residual network without its classifier, with the parameter names of torchvision and timm.

    Args:
        depth: 18 or 34 (basic blocks), or 50 (bottlenecks).
        stem: `imagenet` (7×7 with stride 2, then max-pool) or `small` (3×3 with stride 1, for images of about 32×32).
        width: channels of the first stage, 64 in the published nets; each later stage doubles them.
        channels: number of image channels.

    Raises:
        ValueError: depth or stem is unknown, or width is below 1.

    Source: He et al. 2016, with the stride of a bottleneck on its 3×3 convolution, as torchvision and timm have it.
    """

    def __init__(self, depth: int, stem: str = "imagenet", width: int = 64, channels: int = 3):
        super().__init__()
        if depth not in STAGES:
            raise ValueError(f"depth of a ResNet must be one of {', '.join(map(str, STAGES))}, not {depth}")
        if stem not in ("imagenet", "small"):
            raise ValueError(f"unknown stem '{stem}': {nearest(stem, ('imagenet', 'small'))}")
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width}")
        block, stages = STAGES[depth]
        large = stem == "imagenet"
        self.conv1 = nn.Conv2d(channels, width, 7 if large else 3, 2 if large else 1, 3 if large else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if large else nn.Identity()
        self.layer1 = _stage(block, stages[0], width, width, stride=1)
        self.layer2 = _stage(block, stages[1], width * block.expansion, 2 * width, stride=2)
        self.layer3 = _stage(block, stages[2], 2 * width * block.expansion, 4 * width, stride=2)
        self.layer4 = _stage(block, stages[3], 4 * width * block.expansion, 8 * width, stride=2)
        self.features = 8 * width * block.expansion
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N d_enc"]:
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean((2, 3))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions with a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C2 H2 W2"]:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """A 3×3 convolution between two 1×1 ones, the last four times as wide, with a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, 4 * width, stride)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C2 H2 W2"]:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


Block = type[BasicBlock] | type[Bottleneck]

STAGES: dict[int, tuple[Block, tuple[int, int, int, int]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
}


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """A projection if the block changes the shape, else None."""
    if inputs == outputs and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def _stage(block: Block, blocks: int, inputs: int, width: int, stride: int) -> nn.Sequential:
    first = block(inputs, width, stride)
    return nn.Sequential(first, *(block(width * block.expansion, width, 1) for _ in range(blocks - 1)))
