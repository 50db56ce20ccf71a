import numpy as np
import pytest
import torch
from PIL import Image

from eigenview._errors import UsageError
from eigenview.data import batches_of, channel_statistics, open_images, pack

MIXED = [(20, 30), (40, 20), (16, 16), (33, 65)]


class TestPack:
    def test_native_size(self, folder):
        images = open_images(str(folder([(12, 20)] * 4)))
        packed = pack(images)
        assert packed.shape == (4, 3, 12, 20)
        assert packed.dtype == torch.uint8
        for i in range(4):
            assert (packed[i].permute(1, 2, 0).numpy() == np.array(images.decode(i))).all()

    def test_shorter_side_is_resized_and_the_centre_kept(self, tmp_path):
        pixels = np.zeros((30, 90, 3), np.uint8)
        pixels[:, 30:60] = 255  # the centre square is white, what is beside it black
        Image.fromarray(pixels).save(tmp_path / "wide.png")
        Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "tall.png")
        packed = pack(open_images(str(tmp_path)), size=10)
        assert packed.shape == (2, 3, 10, 10)
        assert packed.float().mean() > 250

    def test_resizing_averages_over_what_it_leaves_out(self, tmp_path):
        chequered = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
        Image.fromarray(chequered).save(tmp_path / "chequered.png")
        packed = pack(open_images(str(tmp_path)), size=8)
        assert (packed.float() - 127.5).abs().max() < 3

    def test_size_is_needed_for_mixed_sizes(self, folder):
        images = open_images(str(folder(MIXED)))
        with pytest.raises(UsageError, match="different sizes"):
            pack(images)
        assert pack(images, 16).shape == (4, 3, 16, 16)

    def test_some(self, folder):
        images = open_images(str(folder(MIXED)))
        some = np.array([3, 1])
        assert (pack(images, 16, some) == pack(images, 16)[some]).all()


@pytest.mark.parametrize("batch", [1, 3, 4, 9])
def test_batches_together_are_the_whole(folder, batch):
    images = open_images(str(folder(MIXED)))
    indices, pixels = zip(*batches_of(images, 16, batch), strict=True)
    assert np.concatenate(indices).tolist() == [0, 1, 2, 3]
    assert (torch.cat(pixels) == pack(images, 16)).all()
    assert all(len(some) == batch for some in pixels[:-1])


class TestChannelStatistics:
    def test_agree_with_numpy(self, folder):
        images = open_images(str(folder([(12, 20)] * 7)))
        pixels = pack(images).numpy().astype(float) / 255
        mean, deviation = channel_statistics(images)
        np.testing.assert_allclose(mean, pixels.mean((0, 2, 3)))
        np.testing.assert_allclose(deviation, pixels.std((0, 2, 3)))

    def test_constant_images_have_a_deviation_to_divide_by(self, tmp_path):
        Image.new("RGB", (8, 8), (51, 102, 255)).save(tmp_path / "flat.png")
        mean, deviation = channel_statistics(open_images(str(tmp_path)))
        np.testing.assert_allclose(mean, (0.2, 0.4, 1))
        np.testing.assert_allclose(deviation, 1 / 255)

    def test_every_image_counts_alike(self, tmp_path):
        Image.new("L", (4, 4), 0).save(tmp_path / "small.png")
        Image.new("L", (40, 40), 255).save(tmp_path / "large.png")
        mean, deviation = channel_statistics(open_images(str(tmp_path)))
        np.testing.assert_allclose([mean, deviation], 0.5)

    def test_digits(self):
        mean, deviation = channel_statistics(open_images("digits"))
        assert mean[0] == mean[1] == mean[2]
        assert 0.3 < mean[0] < 0.31  # 4.88 of 16, as scikit-learn's
        assert 0.37 < deviation[0] < 0.38
