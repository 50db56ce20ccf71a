import numpy as np
import pytest
from PIL import Image

import eigenview.data.images as images_module
from eigenview._errors import UsageError
from eigenview.data import Skipped, open_images


def test_lengths_names_and_pixels(folder, draw):
    images = open_images(str(folder([(24, 24)] * 5)))
    assert len(images) == 5
    assert images.size == (24, 24)
    assert [images.name(i) for i in range(5)] == [f"00{i}.png" for i in range(5)]
    assert all((np.array(images.decode(i)) == np.array(draw(i))).all() for i in range(5))


def test_size_is_none_where_sizes_differ(folder):
    assert open_images(str(folder([(24, 24), (24, 25)]))).size is None


def test_size_is_that_of_the_upright_image(tmp_path, draw):
    exif = Image.Exif()
    exif[0x0112] = 6
    draw(0, 20, 30).save(tmp_path / "turned.jpg", exif=exif)
    draw(1, 30, 20).save(tmp_path / "upright.png")
    assert open_images(str(tmp_path)).size == (30, 20)


@pytest.mark.parametrize("decoded_when_opened", [0, 2**28], ids=["headers", "whole"])
def test_text_named_png_is_skipped_and_listed(folder, monkeypatch, decoded_when_opened):
    monkeypatch.setattr(images_module, "_DECODED_WHEN_OPENED", decoded_when_opened)
    path = folder([(8, 8)] * 3)
    (path / "001b.png").write_text("no image")
    images = open_images(str(path))
    assert images.skipped == [Skipped("001b.png", "not an image")]
    assert [images.name(i) for i in range(len(images))] == ["000.png", "001.png", "002.png"]


class TestStandIns:
    @pytest.fixture
    def images(self, tmp_path, draw, encode, monkeypatch):
        """Four labelled images, opened by their headers alone, of which 1 and 2 are cut short."""
        monkeypatch.setattr(images_module, "_DECODED_WHEN_OPENED", 0)
        for i in range(4):
            encoded = encode(draw(i), "JPEG")[: -100 if i in (1, 2) else None]
            (tmp_path / f"class{i}").mkdir()
            (tmp_path / f"class{i}" / "photo.jpg").write_bytes(encoded)
        return open_images(str(tmp_path))

    def test_the_next_one_that_decodes_stands_in_with_its_label(self, images):
        assert len(images) == 4
        assert not images.skipped
        assert images.decode(1) == images.decode(3)
        assert images.labels.tolist() == [0, 3, 2, 3]

    def test_counted_once(self, images):
        for _ in range(3):
            images.decode(2)
            images.decode(1)
        assert sorted(skipped.name for skipped in images.skipped) == ["class1/photo.jpg", "class2/photo.jpg"]
        assert "truncated" in images.skipped[0].reason

    def test_order_of_decoding_does_not_matter(self, images):
        forth = {i: images.decode(i) for i in (2, 1)}
        assert forth[1] == forth[2] == images.decode(3)

    def test_the_first_follows_the_last(self, tmp_path, images):
        (tmp_path / "class3" / "photo.jpg").write_bytes(b"")
        assert images.decode(3) == images.decode(0)

    def test_nothing_left_is_an_error(self, tmp_path, images):
        for i in range(4):
            (tmp_path / f"class{i}" / "photo.jpg").unlink()
        with pytest.raises(UsageError, match="none of the 4 images decodes any more"):
            images.decode(0)
