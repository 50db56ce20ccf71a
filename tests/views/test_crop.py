"""Crops of photographs of any size, mode and shape."""

import numpy as np
import pytest
import torch
from PIL import Image

from eigenview.views import ViewPolicy, crop_boxes, crop_photo


def photo(width, height, mode="RGB"):
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).convert(mode)


def crops(image, policy, size=16, views=2, seed=0):
    return crop_photo(image, policy, size, views, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (300, 1), (2, 5), (640, 480)])
@pytest.mark.parametrize("policy", [ViewPolicy(), ViewPolicy(crop=(0.0001, 1.0))])
def test_any_size(width, height, policy):
    views = crops(photo(width, height), policy, views=3)
    assert views.shape == (3, 3, 16, 16)
    assert views.dtype == torch.uint8


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("P", 3), ("RGBA", 3), ("CMYK", 3), ("1", 3)])
def test_any_mode(mode, channels):
    assert crops(photo(20, 30, mode), ViewPolicy()).shape == (2, channels, 16, 16)


def test_no_crop_at_its_own_size_is_the_photo():
    image = photo(16, 16)
    expected = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    assert torch.equal(crops(image, ViewPolicy(), views=1)[0], expected)


def test_views_show_the_drawn_boxes():
    """On a picture whose red is x and whose green is y, the mean colour of a view is the middle of its box."""
    y, x = np.mgrid[0:100, 0:200]
    image = Image.fromarray(np.stack([x, 2 * y, 0 * x], axis=-1).astype(np.uint8))
    policy = ViewPolicy(crop=(0.05, 0.6))
    views = crops(image, policy, size=32, views=10).float().mean((2, 3))
    left, top, wide, tall = crop_boxes(10, 100, 200, policy, torch.Generator().manual_seed(0)).unbind(1)
    torch.testing.assert_close(views[:, 0], left + wide / 2 - 0.5, rtol=0, atol=1.0)
    torch.testing.assert_close(views[:, 1], 2 * (top + tall / 2 - 0.5), rtol=0, atol=1.0)


def test_reduction_is_free_of_aliasing():
    stripes = Image.fromarray(np.tile(np.array([0, 255], dtype=np.uint8), (320, 160)))
    assert (
        crops(stripes, ViewPolicy(), size=32).float() - 127.5
    ).abs().max() <= 4.0  # PIL's kernel is cut off at the edges


def test_same_seed_same_crops_and_nothing_global():
    image, policy = photo(50, 40), ViewPolicy(crop=(0.1, 0.9))
    before = torch.get_rng_state()
    assert torch.equal(crops(image, policy), crops(image, policy))
    assert not torch.equal(crops(image, policy), crops(image, policy, seed=1))
    assert torch.equal(before, torch.get_rng_state())
