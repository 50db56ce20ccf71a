"""Color agrees with PIL and the standard library's colorsys."""

import colorsys

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from eigenview.views import ViewPolicy
from eigenview.views.color import ColorJitter, adjust_color, sample_color_jitter, shift_hue, to_grayscale


def pixels(*shape, seed=0):
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed)).float() / 255


def colors(brightness=1.0, contrast=1.0, saturation=1.0, turns=(0.0,)):
    count = len(turns)
    factors = (torch.full((count,), f) for f in (brightness, contrast, saturation))
    return ColorJitter.of(*factors, turns=torch.tensor(turns), grey=torch.zeros(count, dtype=torch.bool))


def in_pil(image, change):
    picture = Image.fromarray((255 * image.permute(1, 2, 0)).round().to(torch.uint8).numpy())
    return torch.from_numpy(np.array(change(picture))).permute(2, 0, 1) / 255


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
@pytest.mark.parametrize(
    ("change", "enhance"),
    [
        (lambda factor: colors(brightness=factor), ImageEnhance.Brightness),
        (lambda factor: colors(contrast=factor), ImageEnhance.Contrast),
        (lambda factor: colors(saturation=factor), ImageEnhance.Color),
    ],
)
def test_each_factor_is_pils(change, enhance, factor):
    image = pixels(1, 3, 16, 16)
    ours = adjust_color(image, change(factor))[0]
    assert (ours - in_pil(image[0], lambda picture: enhance(picture).enhance(factor))).abs().max() <= 2.01 / 255


def test_factors_follow_one_another():
    image = 0.3 + 0.2 * pixels(1, 3, 16, 16)  # nothing is clipped on the way
    together = adjust_color(image, colors(1.1, 0.8, 1.3))
    apart = image
    for change in (colors(brightness=1.1), colors(contrast=0.8), colors(saturation=1.3)):
        apart = adjust_color(apart, change)
    torch.testing.assert_close(together, apart)


def test_grey_images_have_brightness_and_contrast_but_no_saturation():
    image = 0.3 + 0.2 * pixels(2, 1, 8, 8)
    mean = image.mean((2, 3), keepdim=True)
    torch.testing.assert_close(adjust_color(image, colors(contrast=0.5, turns=(0.0, 0.0))), mean + 0.5 * (image - mean))
    torch.testing.assert_close(adjust_color(image, colors(brightness=1.5, turns=(0.0, 0.0))), 1.5 * image)
    torch.testing.assert_close(adjust_color(image, colors(saturation=0.0, turns=(0.0, 0.0))), image)


@pytest.mark.parametrize("turn", [-0.5, -0.31, -0.1, 0.0, 0.02, 0.25, 0.42, 0.5])
def test_hue_is_colorsys(turn):
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 0.5, 1.0])] * 3).T.reshape(1, 3, 27, 1)
    for image in (pixels(1, 3, 12, 12), corners):
        expected = [
            colorsys.hsv_to_rgb((h + turn) % 1.0, s, v)
            for h, s, v in (colorsys.rgb_to_hsv(*rgb) for rgb in image[0].flatten(1).T.tolist())
        ]
        turned = shift_hue(image.clone(), colors(turns=(turn,)))
        torch.testing.assert_close(turned[0].flatten(1).T, torch.tensor(expected), rtol=0, atol=2e-6)


def test_hue_turns_each_image_by_its_own():
    image = pixels(1, 3, 5, 5)
    turns = (0.3, -0.2, 0.0)
    together = shift_hue(image.repeat(3, 1, 1, 1), colors(turns=turns))
    for row, turn in zip(together, turns, strict=True):
        torch.testing.assert_close(row, shift_hue(image.clone(), colors(turns=(turn,)))[0])


def test_grey_is_pils_and_only_for_the_chosen():
    images = pixels(3, 3, 9, 9)
    grey = to_grayscale(images.clone(), torch.tensor([True, False, True]))
    assert torch.equal(grey[1], images[1])
    for i in (0, 2):
        expected = in_pil(images[i], lambda picture: picture.convert("L").convert("RGB"))
        assert (grey[i] - expected).abs().max() <= 1.01 / 255


def test_draws_have_their_ranges_and_probabilities():
    policy = ViewPolicy(jitter=0.8, brightness=0.4, contrast=1.5, saturation=0.2, hue=0.1, grey=0.2)
    drawn = sample_color_jitter(20_000, policy, torch.Generator().manual_seed(0), torch.device("cpu"))
    gain = (drawn.own + drawn.shared).flatten()
    brightness = gain + drawn.lift.flatten()
    turns = drawn.shift[:, 0].flatten() / 6.0
    changed = turns != 0.0
    assert changed.float().mean().item() == pytest.approx(0.8, abs=0.015)
    assert drawn.grey.float().mean().item() == pytest.approx(0.2, abs=0.015)
    assert torch.equal(changed, brightness != 1.0)
    spans = [
        (brightness, 0.6, 1.4),
        (gain / brightness, 0.0, 2.5),
        (drawn.own.flatten() / gain, 0.8, 1.2),
        (turns, -0.1, 0.1),
    ]
    for values, least, most in spans:
        values, span = values[changed], most - least
        assert values.min().item() == pytest.approx(least, abs=0.01 * span)
        assert values.max().item() == pytest.approx(most, abs=0.01 * span)
        assert values.mean().item() == pytest.approx((least + most) / 2, abs=0.01 * span)
