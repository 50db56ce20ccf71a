import contextlib
import io
import warnings

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from eigenview.data.pixels import UndecodableError, quiet, read_rgb, read_size


def shades(encoded: bytes) -> np.ndarray:
    """The decoded image, which must be grey, as one channel."""
    image = read_rgb(encoded)
    assert image.mode == "RGB"
    pixels = np.array(image)
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "BMP", "PPM"])
def test_lossless_formats_give_back_what_was_drawn(draw, encode, format):
    options = {"lossless": True} if format == "WEBP" else {}
    image = draw(0, 20, 30)
    assert (np.array(read_rgb(encode(image, format, **options))) == np.array(image)).all()


@pytest.mark.parametrize("format", ["JPEG", "GIF"])
def test_lossy_formats_come_close(draw, encode, format):
    image = draw(0, 20, 30)
    difference = np.array(read_rgb(encode(image, format))).astype(float) - np.array(image)
    assert np.abs(difference).mean() < 8


class TestModes:
    @pytest.mark.parametrize(("most", "expected"), [(255, [0, 100, 255]), (65535, [0, 100, 255])])
    def test_integers_of_32_bits_mean_the_range_they_use(self, encode, most, expected):
        values = np.array([[0, 100, 255]], dtype=np.int32) * (most // 255)
        assert shades(encode(Image.fromarray(values), "TIFF")).tolist() == [expected]

    def test_transparent_becomes_white(self, encode):
        image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
        image.putpixel((1, 2), (200, 100, 50, 255))
        pixels = np.array(read_rgb(encode(image)))
        assert pixels[2, 1].tolist() == [200, 100, 50]
        assert pixels.sum() == 15 * 3 * 255 + 350

    def test_half_transparent_is_half_way_to_white(self, encode):
        grey = shades(encode(Image.new("LA", (3, 3), (0, 51))))
        assert (grey == 204).all()

    def test_palette_with_a_transparent_colour(self, encode):
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 40, 50, 60])
        image.putpixel((1, 0), 1)
        pixels = np.array(read_rgb(encode(image, transparency=1)))
        assert pixels.tolist() == [[[10, 20, 30], [255, 255, 255]]]

    def test_rgb_with_a_transparent_colour(self, encode):
        image = Image.new("RGB", (2, 1), (10, 20, 30))
        image.putpixel((1, 0), (40, 50, 60))
        assert np.array(read_rgb(encode(image, transparency=(40, 50, 60)))).tolist() == [
            [[10, 20, 30], [255, 255, 255]]
        ]

    def test_cmyk(self, encode):
        pixels = np.array(read_rgb(encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF")))
        assert (pixels == [255, 0, 0]).all()

    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    def test_sixteen_bits_are_scaled_and_not_clipped(self, encode, format):
        deep = np.array([[0, 257, 128 * 257, 254 * 257, 65535]], dtype=np.uint16)
        assert shades(encode(Image.fromarray(deep), format)).tolist() == [[0, 1, 128, 254, 255]]

    def test_one_bit(self, encode):
        image = Image.new("1", (2, 1))
        image.putpixel((1, 0), 1)
        assert shades(encode(image)).tolist() == [[0, 255]]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [([0, 0.2, 1], [0, 51, 255]), ([0, 51, 255], [0, 51, 255]), ([0, 100, 1000], [0, 26, 255])],
        ids=["unit", "bytes", "beyond"],
    )
    def test_floats(self, encode, values, expected):
        image = Image.fromarray(np.array([values], dtype=np.float32))
        assert shades(encode(image, "TIFF")).tolist() == [expected]

    def test_floats_that_are_not_finite_become_black(self, encode):
        image = Image.fromarray(np.array([[np.nan, np.inf, 1]], dtype=np.float32))
        assert shades(encode(image, "TIFF")).tolist() == [[0, 0, 255]]

    def test_first_frame_of_several(self, encode):
        frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
        encoded = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
        assert (np.array(read_rgb(encoded)) == [255, 0, 0]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_the_header_knows_the_size(draw, encode, orientation):
    stored, exif = draw(0, 20, 30), Image.Exif()
    exif[0x0112] = orientation
    encoded = encode(stored, "WEBP", lossless=True, exif=exif)
    upright = {
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2),
        6: lambda x: np.rot90(x, -1),
        7: lambda x: np.rot90(x, 2).transpose(1, 0, 2),
        8: lambda x: np.rot90(x),
    }[orientation](np.array(stored))
    assert (np.array(read_rgb(encoded)) == upright).all()
    assert read_size(encoded) == upright.shape[:2]


class TestBroken:
    def test_text(self):
        with pytest.raises(UndecodableError, match=r"^not an image$"):
            read_size(b"hello")

    def test_cut_short_has_a_header_but_no_pixels(self, draw, encode):
        encoded = encode(draw(0, 64, 64), "JPEG")
        cut = encoded[:-100]
        assert read_size(cut) == (64, 64)
        with pytest.raises(UndecodableError, match="truncated"):
            read_rgb(cut)

    def test_every_cut_and_every_flipped_byte_is_an_image_or_undecodable(self, draw, encode):
        random = np.random.default_rng(0)
        with quiet():
            for format in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
                encoded = encode(draw(0), format)
                for _ in range(40):
                    damaged = bytearray(encoded[: random.integers(1, len(encoded) + 1)])
                    damaged[random.integers(len(damaged))] ^= int(random.integers(1, 256))
                    with contextlib.suppress(UndecodableError):
                        assert read_rgb(bytes(damaged)).mode == "RGB"

    def test_missing_file(self, tmp_path):
        with pytest.raises(UndecodableError, match="No such file"):
            read_rgb(str(tmp_path / "gone.png"))

    def test_a_large_image_warns_nobody_and_a_bomb_is_refused(self, encode, monkeypatch):
        encoded = encode(Image.new("L", (100, 100)))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9_000)
        with warnings.catch_warnings(record=True) as caught, quiet():
            assert read_rgb(encoded).size == (100, 100)
        assert not caught
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000)
        with pytest.raises(UndecodableError, match="decompression bomb"):
            read_size(encoded)

    def test_a_text_chunk_too_large_is_no_crash(self):
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text("comment", "x" * 3_000_000, zip=True)
        buffer = io.BytesIO()
        Image.new("L", (4, 4)).save(buffer, "PNG", pnginfo=chunks)
        with pytest.raises(UndecodableError):
            read_rgb(buffer.getvalue())
