import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

import eigenview.data.batches as batches_module
import eigenview.data.images as images_module
from eigenview._errors import UsageError
from eigenview.data import Images, TrainingBatches, open_images, pack

MIXED = [(20 + i, 30 - i) for i in range(11)]


def crop(image: Image.Image, generator: torch.Generator, views: int = 2) -> torch.Tensor:
    """Crops of 8×8 at random places."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    places = [torch.randint(0, 12, (2,), generator=generator).tolist() for _ in range(views)]
    return torch.stack([pixels[:, y : y + 8, x : x + 8] for y, x in places])


def first(batches: TrainingBatches, steps: int, start: int = 0) -> list[torch.Tensor]:
    taken = list(islice(batches.at(start), steps))
    assert [batch.step for batch in taken] == list(range(start, start + steps))
    return [batch.images for batch in taken]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


class TestOrder:
    @pytest.fixture(params=["packed", "decoded", "cropped"])
    def batches(self, request, folder, monkeypatch):
        """A function from a seed and a number of workers to batches of 3 of 11 images."""
        if request.param == "decoded":
            monkeypatch.setattr(batches_module, "_PACKED_BYTES", 0)
        images = open_images(str(folder(MIXED if request.param == "cropped" else [(20, 20)] * 11)))
        return lambda seed=0, workers=0: TrainingBatches(images, 3, seed, crop=crop, workers=workers)

    def test_resuming_anywhere_is_exact(self, batches):
        undisturbed = first(batches(), 8)
        assert all(same(first(batches(), 8 - start, start), undisturbed[start:]) for start in range(8))

    def test_workers_change_nothing(self, batches):
        assert same(first(batches(workers=2), 8, 2), first(batches(), 8, 2))

    def test_seeds_differ(self, batches):
        assert not same(first(batches(0), 3), first(batches(1), 3))

    def test_global_generator_is_left_alone(self, batches):
        before = torch.get_rng_state()
        first(batches(workers=1), 2)
        assert torch.equal(torch.get_rng_state(), before)

    def test_epochs_differ(self, batches):
        made = batches()
        assert made.steps_per_epoch == 3
        assert not same(first(made, 3), first(made, 3, 3))


def test_an_epoch_visits_every_image_once(folder):
    images = open_images(str(folder([(20, 20)] * 12)))
    packed = pack(images)
    for epoch in range(3):
        visited = torch.cat(first(TrainingBatches(images, 4, 5), 3, 3 * epoch))
        which = (visited[:, None] == packed[None]).flatten(2).all(-1).nonzero()[:, 1]
        assert sorted(which.tolist()) == list(range(12))


def test_all_images_are_visited_equally_often_in_the_long_run(folder):
    batches = TrainingBatches(open_images(str(folder([(8, 8)] * 7))), 5, 0)
    counts = Counter(i for step in range(700) for i in batches.indices(step).tolist())
    assert all(abs(counts[i] - 500) < 5 * (700 * 5 / 7 * 2 / 7) ** 0.5 for i in range(7))


class TestRegimes:
    def test_images_of_one_size_stay_whole(self, folder):
        batches = TrainingBatches(open_images(str(folder([(12, 20)] * 4))), 4, 0, crop=crop)
        assert not batches.cropped
        assert first(batches, 1)[0].shape == (4, 3, 12, 20)

    def test_over_the_budget_they_are_the_same(self, folder, monkeypatch):
        images = open_images(str(folder([(12, 20)] * 4)))
        packed = first(TrainingBatches(images, 2, 0), 4)
        monkeypatch.setattr(batches_module, "_PACKED_BYTES", 4 * 3 * 12 * 20 - 1)
        assert same(first(TrainingBatches(images, 2, 0), 4), packed)

    def test_mixed_sizes_are_cropped(self, folder):
        batches = TrainingBatches(open_images(str(folder(MIXED))), 4, 0, crop=crop)
        assert batches.cropped
        assert first(batches, 1)[0].shape == (2, 4, 3, 8, 8)

    def test_views_come_first_and_are_of_the_same_image(self, tmp_path):
        for i in range(6):
            Image.new("RGB", (24 + i, 24), (40 * i, 0, 0)).save(tmp_path / f"{i}.png")
        batches = TrainingBatches(open_images(str(tmp_path)), 6, 0, crop=crop)
        (images,) = first(batches, 1)
        assert torch.equal(images[0], images[1])
        assert images[0, :, 0, 0, 0].tolist() == [40 * int(i) for i in batches.indices(0)]

    def test_large_images_of_one_size_are_cropped(self, folder):
        assert TrainingBatches(open_images(str(folder([(300, 300)] * 2))), 2, 0, crop=crop).cropped

    def test_mixed_sizes_need_crops(self, folder):
        images = open_images(str(folder(MIXED)))
        with pytest.raises(UsageError, match="different sizes"):
            TrainingBatches(images, 4, 0)

    def test_photographs_are_decoded_when_their_turn_comes(self, folder, monkeypatch):
        decoded = []
        images, decode = open_images(str(folder(MIXED))), Images.decode
        monkeypatch.setattr(Images, "decode", lambda self, i: decoded.append(i) or decode(self, i))
        batches = TrainingBatches(images, 4, 0, crop=crop)
        assert not decoded
        first(batches, 1)
        assert decoded == batches.indices(0).tolist()


def test_a_batch_larger_than_the_data_names_both(folder):
    with pytest.raises(UsageError, match=r"training.P = 6 is larger than the number of images, 5: lower it to 5"):
        TrainingBatches(open_images(str(folder([(8, 8)] * 5))), 6, 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_cut_photograph_is_replaced_and_counted_once(folder, monkeypatch, workers):
    monkeypatch.setattr(images_module, "_DECODED_WHEN_OPENED", 0)
    path = folder(MIXED, "jpg")
    cut = path / "004.jpg"
    cut.write_bytes(cut.read_bytes()[:-100])
    images = open_images(str(path))
    batches = TrainingBatches(images, 11, 0, crop=crop, workers=workers)
    assert len(first(batches, 4)) == 4
    assert [skipped.name for skipped in images.skipped] == ["004.jpg"]
    assert images.decode(4) == images.decode(5)


class TestWorkers:
    def test_ctrl_c_is_the_main_process_s_affair(self, folder):
        batches = TrainingBatches(open_images(str(folder(MIXED))), 4, 0, crop=crop, workers=2)
        others = multiprocessing.active_children()
        endless = batches.at(0)
        list(islice(endless, 2))  # one of each worker: both are past their start, when they do not know yet
        workers = [child for child in multiprocessing.active_children() if child not in others]
        assert len(workers) == min(2, len(os.sched_getaffinity(0)))
        for worker in workers:
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGINT)
        assert same([batch.images for batch in islice(endless, 12)], first(batches, 12, 2))
        assert all(worker.is_alive() for worker in workers)

    def test_they_end_with_the_process_though_the_iterator_is_alive(self, folder):
        # As it is where an exception ends a run: its traceback holds on to the iterator.
        code = (
            "from functools import partial\n"
            "from eigenview.data import TrainingBatches, open_images\n"
            "from eigenview.views import ViewPolicy, crop_photo\n"
            "crop = partial(crop_photo, policy=ViewPolicy(), size=4, views=2)\n"
            f"endless = TrainingBatches(open_images({str(folder(MIXED))!r}), 4, 0, crop=crop, workers=2).at(0)\n"
            "next(endless)\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    def test_they_end_with_the_iterator(self, folder):
        others = multiprocessing.active_children()
        endless = TrainingBatches(open_images(str(folder(MIXED))), 4, 0, crop=crop, workers=2).at(0)
        next(endless)
        workers = [child for child in multiprocessing.active_children() if child not in others]
        del endless
        for worker in workers:
            worker.join(10)
            assert worker.exitcode == 0

    def test_what_they_get_can_be_sent_to_another_process(self, folder):
        """As macOS and Windows do, where a worker is no copy of this process."""
        batches = TrainingBatches(open_images(str(folder(MIXED))), 4, 0, crop=crop)
        assert same(first(pickle.loads(pickle.dumps(batches)), 3), first(batches, 3))
