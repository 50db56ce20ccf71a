"""Image grids: the right pixels in the right place."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eigenview.plotting import neighbours_picture, views_picture


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def tiles_of(path: Path, colours: list[tuple[int, int, int]]) -> dict:
    """The box (left, top, right, bottom) of each plain colour in a picture, after checking that the colour fills it."""
    pixels = pixels_of(path)
    boxes = {}
    for colour in colours:
        mask = (pixels == colour).all(-1)
        assert mask.any(), f"{colour} is not in the picture"
        ys, xs = np.nonzero(mask)
        box = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        assert mask[box[1] : box[3], box[0] : box[2]].all()
        boxes[colour] = box
    return boxes


def plain(colours: list[tuple[int, int, int]], side: int) -> torch.Tensor:
    return torch.tensor(colours, dtype=torch.uint8)[:, :, None, None].expand(-1, -1, side, side).contiguous()


@pytest.mark.parametrize("side", [8, 32, 64, 224])
def test_rows_are_images_and_columns_are_original_then_views(tmp_path, side):
    colour = {(p, k): (40 + 60 * p, 30 + 50 * k, 7) for p in range(3) for k in range(3)}  # k = 0 is the original
    originals = plain([colour[p, 0] for p in range(3)], side)
    views = torch.stack([plain([colour[p, k] for p in range(3)], side) for k in (1, 2)]).float() / 255
    views_picture(views, originals, tmp_path / "views.png")
    boxes = tiles_of(tmp_path / "views.png", list(colour.values()))
    for (p, k), name in colour.items():
        left, top, right, bottom = boxes[name]
        assert right - left == bottom - top >= 56
        assert (left, top) == (boxes[colour[0, k]][0], boxes[colour[p, 0]][1])
    lefts = [boxes[colour[0, k]][0] for k in range(3)]
    tops = [boxes[colour[p, 0]][1] for p in range(3)]
    assert lefts == sorted(set(lefts))
    assert tops == sorted(set(tops))
    assert lefts[1] - lefts[0] > lefts[2] - lefts[1]  # the original stands apart


def test_small_images_are_enlarged_by_whole_pixels(tmp_path):
    image = torch.arange(64, dtype=torch.uint8).reshape(1, 1, 8, 8) + 100
    views_picture(image[None].float() / 255, image, tmp_path / "views.png")
    pixels = pixels_of(tmp_path / "views.png")[..., 0]
    ys, xs = np.nonzero(pixels == 100)
    factor = 72 // 8
    first = pixels[ys.min() : ys.min() + 72, xs.min() : xs.min() + 72]
    assert np.array_equal(first, np.kron(image[0, 0].numpy(), np.ones((factor, factor), np.uint8)))


def test_rows_are_limited_and_originals_may_be_unknown(tmp_path):
    views = torch.rand(2, 12, 3, 32, 32)
    views_picture(views, None, tmp_path / "few.png", rows=2)
    views_picture(views, None, tmp_path / "all.png", rows=50)
    few, many = (len(pixels_of(tmp_path / name)) for name in ("few.png", "all.png"))
    assert many - few == 10 * (64 + 4)


def test_values_outside_0_and_1_are_clipped_and_many_views_stay_visible(tmp_path):
    views = torch.full((40, 1, 3, 32, 32), 7.0)
    views[0] = -3.0
    views_picture(views, None, tmp_path / "views.png")
    assert (pixels_of(tmp_path / "views.png") == 0).all(-1).sum() == 32 * 32


def test_originals_of_another_shape_fit_into_their_tile(tmp_path):
    wide = torch.zeros(1, 3, 50, 200, dtype=torch.uint8)
    views_picture(torch.full((1, 1, 3, 32, 32), 0.5), wide, tmp_path / "views.png")
    left, top, right, bottom = tiles_of(tmp_path / "views.png", [(0, 0, 0)])[0, 0, 0]
    assert (right - left, bottom - top) == (64, 16)


def test_neighbours_stand_beside_their_query_nearest_first(tmp_path):
    query = [(10, 200, 30), (20, 100, 30)]
    found = [[(200 + 10 * q, 9, 20 * m) for m in range(3)] for q in range(2)]
    neighbours = torch.stack([plain(row, 16) for row in found])
    neighbours_picture(plain(query, 16), neighbours, tmp_path / "neighbours.png")
    boxes = tiles_of(tmp_path / "neighbours.png", query + found[0] + found[1])
    for q in range(2):
        row = [boxes[query[q]], *(boxes[colour] for colour in found[q])]
        assert len({box[1] for box in row}) == 1
        lefts = [box[0] for box in row]
        assert lefts == sorted(set(lefts))
    assert boxes[query[0]][3] < boxes[query[1]][1]


def test_same_images_give_the_same_bytes(tmp_path):
    views = torch.rand(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    written = []
    for name in ("a.png", "b.png"):
        views_picture(views, None, tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
