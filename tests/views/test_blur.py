"""The blur is scipy's Gaussian filter, of its own width for each image."""

import pytest
import torch
from scipy.ndimage import gaussian_filter

from eigenview.views.blur import gaussian_blur


@pytest.mark.parametrize("channels", [1, 3])
def test_blur_is_scipys(channels):
    images = torch.rand(3, channels, 20, 24, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([0.5, 1.0, 2.0])
    blurred = gaussian_blur(images, sigma, widest=2.0)
    for image, ours, s in zip(images, blurred, sigma.tolist(), strict=True):
        for plane, our_plane in zip(image, ours, strict=True):
            expected = gaussian_filter(plane.double().numpy(), s, mode="mirror", radius=6)
            torch.testing.assert_close(our_plane.double(), torch.from_numpy(expected), rtol=0, atol=1e-6)


def test_no_width_is_no_blur():
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(gaussian_blur(images, torch.zeros(2), widest=1.0), images)


def test_tiny_images():
    even = torch.full((2, 1, 2, 3), 0.4)
    torch.testing.assert_close(gaussian_blur(even, torch.tensor([1.0, 5.0]), widest=5.0), even)
