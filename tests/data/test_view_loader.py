"""Views of images in batches, from whole images and from crops, and their default size."""

import numpy as np
import pytest
import torch

from eigenview.data import iterate_views, native_view_size, open_images
from eigenview.views import POLICIES, ViewPolicy


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([(8, 8)], 8), ([(20, 12)], 12), ([(64, 80)], 64), ([(200, 100)], 64), ([(8, 8), (9, 9)], 64), ([(2, 3)], 4)],
    ids=str,
)
def test_native_view_size(sizes, expected, folder):
    assert native_view_size(open_images(str(folder(sizes)))) == expected


@pytest.mark.parametrize(
    "sizes", [[(12, 12)] * 5, [(12, 12), (15, 10), (9, 20), (12, 12), (16, 16)]], ids=["whole", "cropped"]
)
def test_every_sample_under_every_policy(sizes, folder):
    images = open_images(str(folder(sizes)))
    policies = [ViewPolicy(), POLICIES["large"], ViewPolicy()]
    chosen = np.array([4, 0, 3])
    views = {0: [], 1: [], 2: []}
    for policy, some in iterate_views(images, chosen, policies, 2, 8, 0, 0):
        views[policy].append(some)
    plain, large, again = (torch.cat(views[policy], 1) for policy in range(3))
    assert plain.shape == large.shape == (2, 3, 3, 8, 8)
    torch.testing.assert_close(plain, again)
    torch.testing.assert_close(plain[0], plain[1])
    assert not torch.allclose(large[0], large[1])


def test_views_depend_on_the_seed_alone(folder):
    images = open_images(str(folder([(12, 12)] * 4)))

    def views(seed):
        return torch.cat([v for _, v in iterate_views(images, np.arange(4), [POLICIES["large"]], 2, 8, seed, 0)], 1)

    assert torch.equal(views(0), views(0))
    assert not torch.equal(views(0), views(1))
