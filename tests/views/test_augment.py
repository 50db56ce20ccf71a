"""Whole views: what a policy asks for happens, to each view by itself, and from the given generator alone."""

import importlib
from dataclasses import replace

import pytest
import torch

from eigenview.views import POLICIES, ViewPolicy, augment, augment_cropped

EVERYTHING = ViewPolicy(
    crop=(0.2, 1.0),
    flip=0.5,
    jitter=0.8,
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
    hue=0.2,
    grey=0.2,
    blur=0.5,
    noise=0.05,
    rotation=20.0,
)


def images(samples=6, channels=3, height=16, width=16):
    shape = (samples, channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(7))


def draw(pictures, policy, views=2, seed=0, size=None):
    return augment(pictures, policy, views, torch.Generator().manual_seed(seed), size)


@pytest.mark.parametrize("policy", [ViewPolicy(), EVERYTHING.scaled(0.0), POLICIES["identity"]])
def test_nothing_is_nothing(policy):
    pictures = images()
    views = draw(pictures, policy, views=3)
    torch.testing.assert_close(views, (pictures.float() / 255).expand(3, -1, -1, -1, -1), rtol=0, atol=1e-6)


def test_identity_is_exact():
    pictures = images()
    assert torch.equal(draw(pictures, ViewPolicy(), views=1)[0], pictures.float() / 255)
    assert torch.equal(augment_cropped(pictures[None], ViewPolicy(), torch.Generator())[0], pictures.float() / 255)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("views", [1, 5])
@pytest.mark.parametrize(("height", "width", "size"), [(16, 16, None), (9, 20, 12), (40, 30, 10), (1, 1, 4)])
def test_shapes_and_range(channels, views, height, width, size):
    out = draw(images(4, channels, height, width), EVERYTHING, views, size=size)
    side = size or min(height, width)
    assert out.shape == (views, 4, channels, side, side)
    assert out.dtype == torch.float32
    assert out.isfinite().all()
    assert out.min() >= 0.0
    assert out.max() <= 1.0


@pytest.mark.parametrize("drawn", ["augment", "augment_cropped"])
def test_same_seed_same_views(drawn):
    pictures = images()

    def views(seed):
        generator = torch.Generator().manual_seed(seed)
        if drawn == "augment":
            return augment(pictures, EVERYTHING, 2, generator)
        return augment_cropped(pictures.expand(2, -1, -1, -1, -1), EVERYTHING, generator)

    assert torch.equal(views(3), views(3))
    assert not torch.isclose(views(3), views(4)).flatten(2).all(-1).any()


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    draw(images(), EVERYTHING)
    augment_cropped(images()[None], EVERYTHING, torch.Generator())
    assert torch.equal(before, torch.get_rng_state())


def test_every_view_is_drawn_by_itself():
    one = images(1).expand(8, -1, -1, -1)
    views = draw(one, POLICIES["large"], views=3).flatten(0, 1).flatten(1)
    distances = torch.cdist(views, views) + torch.eye(len(views))
    assert distances.min() > 1e-3


def test_a_view_does_not_depend_on_the_other_images():
    policy = EVERYTHING
    pictures = images()
    others = pictures.clone()
    others[1:] = 255 - others[1:]
    mine, theirs = draw(pictures, policy), draw(others, policy)
    torch.testing.assert_close(mine[:, 0], theirs[:, 0])
    assert not torch.isclose(mine[:, 1:], theirs[:, 1:], atol=1e-3).flatten(2).all(-1).any()


def test_blocks_leave_no_seams(monkeypatch):
    policy = replace(EVERYTHING, noise=0.0)
    whole = draw(images(), policy)
    monkeypatch.setattr(importlib.import_module("eigenview.views.augment"), "_PIXELS_AT_ONCE", 5 * 16 * 16)
    torch.testing.assert_close(draw(images(), policy), whole)


def test_a_certain_flip_is_an_exact_mirror():
    pictures = images()
    mirrored = pictures.flip(-1).float() / 255
    assert torch.equal(draw(pictures, ViewPolicy(flip=1.0), views=1)[0], mirrored)
    assert torch.equal(augment_cropped(pictures[None], ViewPolicy(flip=1.0), torch.Generator())[0], mirrored)


def test_flips_have_their_probability():
    pictures = images(400, 1, 4, 4)
    flipped = (draw(pictures, ViewPolicy(flip=0.3), views=5) == pictures.flip(-1) / 255).flatten(2).all(-1)
    assert flipped.float().mean().item() == pytest.approx(0.3, abs=0.04)


def test_noise_has_its_standard_deviation():
    grey = torch.full((20, 3, 32, 32), 128, dtype=torch.uint8)
    noise = draw(grey, ViewPolicy(noise=0.05)) - 128 / 255
    assert noise.std().item() == pytest.approx(0.05, rel=0.02)
    assert noise.mean().item() == pytest.approx(0.0, abs=1e-3)
    assert noise.flatten(2).mean(-1).abs().max() < 0.05 / 55.4 * 4.5  # 3,072 pixels each, independent


def test_blur_and_grey_happen_as_often_as_asked():
    pictures = images(500, 3, 8, 8)
    plain = pictures.float() / 255
    views = draw(pictures, ViewPolicy(grey=0.2), views=2)
    assert (views.std(2) < 1e-6).flatten(2).all(-1).float().mean().item() == pytest.approx(0.2, abs=0.04)
    blurred = draw(pictures, ViewPolicy(blur=0.3, blur_sigma=(1.0, 2.0)), views=2)
    changed = (blurred - plain).abs().flatten(2).amax(-1) > 1e-3
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.04)


def test_rotation_stays_within_its_angle():
    """A bright dot on the rim of a dark image is seen at angles spread evenly over ± the policy's."""
    dot = torch.zeros(300, 1, 33, 33, dtype=torch.uint8)
    dot[:, :, 16, 29:32] = 255
    views = draw(dot, ViewPolicy(rotation=40.0), views=1)[0, :, 0]
    steps = torch.arange(33.0) - 16
    total = views.sum((1, 2))
    x, y = (views.sum(1) * steps).sum(1) / total, (views.sum(2) * steps).sum(1) / total
    angles = torch.atan2(y, x).rad2deg()
    assert angles.min().item() == pytest.approx(-40.0, abs=1.5)
    assert angles.max().item() == pytest.approx(40.0, abs=1.5)
    assert angles.std().item() == pytest.approx(80 / 12**0.5, abs=2.0)


def test_cropped_views_are_not_cropped_again():
    ramp = torch.linspace(0, 255, 16).to(torch.uint8).expand(2, 5, 3, 16, 16)
    views = augment_cropped(ramp, ViewPolicy(crop=(0.1, 0.2)), torch.Generator())
    assert torch.equal(views, ramp / 255)


@pytest.mark.parametrize(("pictures", "views"), [(images(2, 4), 2), (images(2, 3), 0)])
def test_misuse(pictures, views):
    with pytest.raises(ValueError, match=r"channels|views"):
        draw(pictures, ViewPolicy(), views)
