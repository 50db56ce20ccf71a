"""Crops agree with PIL's box resize, flips are mirrors, and angles are angles."""

import numpy as np
import pytest
import torch
from PIL import Image

from eigenview.views.affine import affine_map, resample


def picture(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def seen(image, box=None, flip=False, degrees=0.0, size=None):
    height, width = image.shape[2:]
    box = torch.tensor([box or [0.0, 0.0, width, height]], dtype=torch.float32)
    places = affine_map(box, torch.tensor([flip]), torch.tensor([degrees]), height, width)
    return resample(image, places, size or height, rotated=degrees != 0.0)


def in_pil(image, box, size):
    left, top, wide, tall = box
    planes = [
        Image.fromarray(plane.numpy()).resize(
            (size, size), Image.Resampling.BILINEAR, box=(left, top, left + wide, top + tall)
        )
        for plane in image[0]
    ]
    return torch.from_numpy(np.stack([np.asarray(plane) for plane in planes]))[None]


def test_the_whole_image_is_the_image():
    image = picture(32, 32)
    torch.testing.assert_close(seen(image), image)


def test_a_flip_is_a_mirror():
    image = picture(24, 24)
    torch.testing.assert_close(seen(image, flip=True), image.flip(-1), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("degrees", "turns"), [(90.0, -1), (-90.0, 1), (180.0, 2), (-180.0, 2)])
def test_right_angles(degrees, turns):
    image = picture(17, 17)
    torch.testing.assert_close(seen(image, degrees=degrees), image.rot90(turns, (2, 3)), rtol=0, atol=1e-5)


def test_rotations_turn_about_the_middle_of_the_box():
    image = picture(10, 10)
    box = [2.0, 1.0, 8.0, 8.0]
    turned = seen(image, box, degrees=90.0, size=8)
    torch.testing.assert_close(turned, image[:, :, 1:9, 2:10].rot90(-1, (2, 3)), rtol=0, atol=1e-5)


def test_a_rotated_view_mirrors_what_lies_beyond_the_edges():
    image = torch.full((1, 1, 9, 9), 0.7)
    torch.testing.assert_close(seen(image, degrees=45.0), image)


@pytest.mark.parametrize("box", [[0.0, 0.0, 20.0, 30.0], [3.2, 4.7, 11.5, 9.1], [18.0, 27.0, 2.0, 3.0]])
def test_enlarged_crops_are_pils(box):
    image = picture(30, 20)
    torch.testing.assert_close(seen(image, box, size=32), in_pil(image, box, 32), rtol=0, atol=1e-4)


def test_a_flipped_crop_is_the_mirror_of_the_crop():
    image, box = picture(30, 20), [3.2, 4.7, 11.5, 9.1]
    torch.testing.assert_close(seen(image, box, True, size=32), in_pil(image, box, 32).flip(-1), rtol=0, atol=1e-4)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_reduced_views_are_free_of_aliasing(factor):
    """Stripes one pixel wide become even grey, and smooth images become what PIL makes of them."""
    stripes = torch.arange(16 * factor).remainder(2).float().expand(1, 1, 16 * factor, -1)
    reduced = seen(stripes, size=16)
    assert (reduced - 0.5).abs().max() <= 0.5 / factor * (factor % 2) + 1e-5
    smooth = torch.nn.functional.interpolate(picture(4, 4), size=(16 * factor,) * 2, mode="bicubic")
    box = [1.5, 2.5, 13.0 * factor, 14.0 * factor]
    assert (seen(smooth, box, size=16) - in_pil(smooth, box, 16)).abs().max() < 0.03


def test_each_image_has_its_own_place():
    images = torch.cat([picture(12, 12, seed) for seed in range(3)])
    boxes = torch.tensor([[0.0, 0.0, 12.0, 12.0], [1.0, 2.0, 5.0, 6.0], [4.5, 3.0, 7.0, 7.5]])
    flip, degrees = torch.tensor([False, True, False]), torch.tensor([0.0, 10.0, -170.0])
    together = resample(images, affine_map(boxes, flip, degrees, 12, 12), 12, rotated=True)
    for i in range(3):
        one = slice(i, i + 1)
        alone = resample(images[one], affine_map(boxes[one], flip[one], degrees[one], 12, 12), 12, rotated=True)
        torch.testing.assert_close(together[one], alone)
