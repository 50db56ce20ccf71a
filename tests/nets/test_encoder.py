import numpy as np
import pytest
import torch
from torch import nn

from eigenview.nets import ConvNet, Encoder

MEAN, STD = (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)


class Map(nn.Module):
    """A net that gives a map, not a vector, and hides how large."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 5, 3, stride=2), nn.BatchNorm2d(5))

    def forward(self, images):
        return self.features(images)


class Large(nn.Module):
    """A net that states its features in timm's words, and takes images of one size only."""

    num_features = 3

    def forward(self, images):
        assert images.shape[-1] == 224
        return images.mean((2, 3))


def pixels(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_pixels_are_normalised():
    images = pixels(4, 3, 2, 2)
    expected = (images.numpy() / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    h = Encoder(nn.Identity(), MEAN, STD, size=2)(images)
    np.testing.assert_allclose(h.numpy(), expected.reshape(4, 12), rtol=1e-5, atol=1e-6)


def test_uint8_and_float_agree():
    encoder = Encoder(ConvNet(width=4), MEAN, STD).eval()
    images = pixels(4, 3, 8, 8)
    assert torch.equal(encoder(images), encoder(images.float() / 255))


def test_images_are_not_written_to():
    images = torch.rand(2, 3, 8, 8)
    before = images.clone()
    Encoder(ConvNet(width=4), MEAN, STD)(images)
    assert torch.equal(images, before)


def test_statistics_are_in_the_checkpoint():
    there = Encoder(ConvNet(width=4), MEAN, STD)
    here = Encoder(ConvNet(width=4), (0.0,) * 3, (1.0,) * 3)
    here.load_state_dict(there.state_dict())
    images = pixels(4, 3, 8, 8)
    assert torch.equal(here.eval()(images), there.eval()(images))


def test_the_bare_net_is_within_reach():
    net = ConvNet(width=4)
    assert Encoder(net, MEAN, STD).net is net


def test_features_as_the_net_states_them():
    assert Encoder(ConvNet(width=4), MEAN, STD).features == 16
    assert Encoder(Large(), MEAN, STD).features == 3


def test_features_are_found_where_the_net_does_not_state_them():
    net = Map()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    encoder = Encoder(net, MEAN, STD, size=8)
    assert encoder.features == 5 * 3 * 3 == encoder(pixels(2, 3, 8, 8)).shape[1]
    assert net.training
    found = Map()
    found.load_state_dict(before)
    fresh = Encoder(found, MEAN, STD, size=8)
    assert all(torch.equal(fresh.net.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize(("mean", "std"), [((0.5,), (0.2, 0.2)), ((0.5,), (0.0,)), ((0.5,), (float("nan"),))])
def test_statistics_that_cannot_be_are_refused(mean, std):
    with pytest.raises(ValueError, match="positive standard deviation"):
        Encoder(nn.Flatten(), mean, std)
