"""Boxes have the areas, aspects and places that random-resized cropping promises."""

import math

import pytest
import torch

from eigenview.views import ViewPolicy, crop_boxes


def draw(count, height, width, policy, seed=0):
    return crop_boxes(count, height, width, policy, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (48, 80), (200, 30), (1, 7), (500, 1)])
def test_boxes_lie_inside_the_image(height, width):
    left, top, wide, tall = draw(500, height, width, ViewPolicy(crop=(0.01, 1.0))).unbind(1)
    assert wide.min() >= 1.0
    assert tall.min() >= 1.0
    assert min(left.min(), top.min()) >= 0.0
    assert (left + wide).max() <= width * (1 + 1e-6)
    assert (top + tall).max() <= height * (1 + 1e-6)


def test_area_and_log_aspect_are_uniform_where_every_box_fits():
    policy = ViewPolicy(crop=(0.1, 0.5))
    _, _, wide, tall = draw(20_000, 100, 100, policy).unbind(1)
    area = (wide * tall / 1e4 - 0.1) / 0.4
    aspect = ((wide / tall).log() - math.log(3 / 4)) / (math.log(4 / 3) - math.log(3 / 4))
    for uniform in (area, aspect):
        ranks = torch.linspace(0.0, 1.0, len(uniform))
        assert (uniform.sort().values - ranks).abs().max() < 1.95 / math.sqrt(len(uniform))  # Kolmogorov, p = 0.001


def test_place_is_uniform_in_what_is_left():
    left, top, wide, tall = draw(20_000, 100, 100, ViewPolicy(crop=(0.1, 0.5))).unbind(1)
    for uniform in (left / (100 - wide), top / (100 - tall)):
        ranks = torch.linspace(0.0, 1.0, len(uniform))
        assert (uniform.sort().values - ranks).abs().max() < 1.95 / math.sqrt(len(uniform))


def test_boxes_that_do_not_fit_are_drawn_again():
    """Against the loop of torchvision's RandomResizedCrop, in mean area: many large boxes are too wide or tall."""
    policy = ViewPolicy(crop=(0.08, 1.0))
    draws = torch.Generator().manual_seed(1)

    def loop() -> float:
        for _ in range(10):
            area, log_ratio = torch.rand(2, generator=draws).tolist()
            area = 0.08 + 0.92 * area
            ratio = math.exp(math.log(3 / 4) + log_ratio * 2 * math.log(4 / 3))
            if area * ratio <= 1 and area / ratio <= 1:
                return area
        return 1.0

    expected = torch.tensor([loop() for _ in range(4000)])
    _, _, wide, tall = draw(40_000, 64, 64, policy).unbind(1)
    assert (wide * tall / 64**2).mean().item() == pytest.approx(expected.mean().item(), abs=0.02)


def test_no_crop_is_the_whole_image_cut_to_a_permitted_aspect():
    assert draw(1, 32, 32, ViewPolicy()).tolist() == [[0.0, 0.0, 32.0, 32.0]]
    assert draw(1, 30, 40, ViewPolicy())[0].tolist() == pytest.approx([0.0, 0.0, 40.0, 30.0])
    assert draw(1, 30, 80, ViewPolicy())[0].tolist() == pytest.approx([20.0, 0.0, 40.0, 30.0])
    assert draw(1, 80, 30, ViewPolicy())[0].tolist() == pytest.approx([0.0, 20.0, 30.0, 40.0])
