import pytest
import torch
from torch import nn

from eigenview.nets import ConvNet


@pytest.mark.parametrize("side", [4, 8, 9, 28])
def test_images_of_any_size_from_4_on(side):
    net = ConvNet(width=8)
    assert net(torch.rand(2, 3, side, side)).shape == (2, net.features)


def test_six_convolutions_at_three_resolutions():
    net = ConvNet(width=8, channels=1)
    shapes = []
    for module in net.layers:
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape[1:])))
    net(torch.rand(2, 1, 8, 8))
    assert shapes == [(8, 8, 8), (8, 8, 8), (16, 4, 4), (16, 4, 4), (32, 2, 2), (32, 2, 2)]


def test_a_width_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        ConvNet(width=0)
