"""Images in folders, written by Pillow as cameras and programs write them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.data import Dataset, load
from harness.errors import PlanError

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
RGB = np.stack([GREY, 255 - GREY, GREY // 2], axis=-1)


@pytest.fixture
def read(tmp_path: Path):
    def read(**options: object) -> Dataset:
        return load("image_folders", options={"path": ".", "order": "stored", **options}, folder=tmp_path)

    return read


@pytest.fixture
def put(tmp_path: Path):
    def put(name: str, image: Image.Image | np.ndarray, **how: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **how)
        return path

    return put


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "pgm"])
def test_grey_images_are_read_as_they_were_written(read, put, suffix: str) -> None:
    put(f"a/1.{suffix}", GREY)
    got = read(mode="grey")
    np.testing.assert_array_equal(got.inputs[0, ..., 0], GREY / np.float32(255))
    assert read(mode="grey", divide=1).inputs.max() == GREY.max()


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "ppm", "PNG"])
def test_colours_are_read_as_they_were_written(read, put, suffix: str) -> None:
    put(f"a/1.{suffix}", RGB)
    np.testing.assert_array_equal(read().inputs[0], RGB / np.float32(255))
    assert read().inputs.shape == (1, 6, 8, 3)


def test_grey_is_made_of_colours_by_the_weights_of_itu_601_and_colours_of_grey(read, put) -> None:
    put("a/1.png", RGB)
    found = read(mode="grey", divide=1).inputs[0, ..., 0]
    assert np.abs(found - RGB @ np.array([0.299, 0.587, 0.114])).max() <= 0.51
    put("a/1.png", GREY)
    np.testing.assert_array_equal(read(divide=1).inputs[0], np.repeat(GREY[..., None], 3, axis=-1))


def test_palettes_bits_and_jpeg_are_read(read, put) -> None:
    put("a/1.png", Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
    assert np.abs(read(divide=1).inputs[0] - RGB).mean() < 12
    put("a/1.png", Image.fromarray(GREY > 100))
    assert set(np.unique(read(mode="grey").inputs)) == {0.0, 1.0}
    flat = np.full((16, 16, 3), 90, np.uint8)
    (put("a/1.png", flat)).unlink()
    put("a/1.jpg", flat, quality=95)
    assert np.abs(read(divide=1).inputs - 90).max() <= 2


def test_another_size_is_refused_naming_the_file_and_resized_by_a_named_rule(read, put) -> None:
    put("a/1.png", GREY)
    path = put("a/2.png", GREY[:, :6])
    with pytest.raises(PlanError, match="differ in shape") as caught:
        read()
    assert caught.value.where == str(path)
    with pytest.raises(PlanError, match=r"6x8.*\n.*6x6\n.*resize: bilinear") as caught:
        read(size="6x8")
    assert caught.value.where == str(path)
    expected = np.asarray(Image.fromarray(GREY).resize((4, 3), Image.Resampling.BOX))
    np.testing.assert_array_equal(read(size="3x4", resize="box", mode="grey", divide=1).inputs[0, ..., 0], expected)


def test_another_aspect_is_stretched_cut_or_filled_up(read, put) -> None:
    wide = np.zeros((4, 8), np.uint8)
    wide[:, 2:6] = 200
    put("a/1.png", wide)
    options = {"size": [4, 4], "resize": "nearest", "mode": "grey", "divide": 1}
    assert read(**options).inputs[0, 0, :, 0].tolist() == [0, 200, 200, 0]
    assert read(**options, fit="crop").inputs[0, 0, :, 0].tolist() == [200] * 4
    assert read(**options, fit="pad").inputs[0, :, 1, 0].tolist() == [0, 200, 200, 0]


def test_what_is_seen_through_needs_a_word_and_an_opaque_alpha_none(read, put) -> None:
    opaque = np.dstack([RGB, np.full(GREY.shape, 255, np.uint8)])
    path = put("a/1.png", opaque)
    np.testing.assert_array_equal(read(divide=1).inputs[0], RGB)
    opaque[0, 0, 3] = 0
    put("a/1.png", opaque)
    with pytest.raises(PlanError, match="not opaque") as caught:
        read()
    assert caught.value.where == str(path)
    assert read(alpha="white", divide=1).inputs[0, 0, 0].tolist() == [255.0] * 3
    assert read(alpha="black", divide=1).inputs[0, 0, 0].tolist() == [0.0] * 3


def test_a_turn_that_a_camera_noted_needs_a_word(read, put) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    path = put("a/1.png", GREY, exif=exif)
    with pytest.raises(PlanError, match="Exif orientation 6") as caught:
        read()
    assert caught.value.where == str(path)
    options = {"mode": "grey", "divide": 1}
    np.testing.assert_array_equal(read(**options, orientation="ignore").inputs[0, ..., 0], GREY)
    np.testing.assert_array_equal(read(**options, orientation="apply").inputs[0, ..., 0], np.rot90(GREY, -1))


def test_pixels_of_other_kinds_and_several_images_in_one_are_refused(read, put, tmp_path: Path) -> None:
    put("a/1.png", (GREY.astype(np.uint16) * 200))
    with pytest.raises(PlanError, match="another kind of pixels"):
        read()
    (tmp_path / "a/1.png").unlink()
    put("a/1.jpg", Image.fromarray(RGB).convert("CMYK"))
    with pytest.raises(PlanError, match="mode CMYK"):
        read()
    (tmp_path / "a/1.jpg").unlink()
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1])]
    put("a/1.gif", frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(PlanError, match="several images"):
        read()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no image"),
        (b"GIF", "no image"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git-lfs"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
    ],
    ids=["empty", "a beginning", "lfs", "a program"],
)
def test_a_file_that_is_no_image_is_refused_by_its_name(read, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(content)
    with pytest.raises(PlanError, match=says) as caught:
        read()
    assert caught.value.where.endswith("a/x.png")


def test_an_image_cut_short_is_refused_and_none_is_filled_with_grey(read, put) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    for suffix in ("png", "jpg", "bmp"):
        path = put(f"a/1.{suffix}", noise)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        with pytest.raises(PlanError, match=r"damaged|no image") as caught:
            read()
        assert caught.value.where == str(path)
        path.unlink()


def test_an_image_that_claims_to_be_huge_is_refused_unread(read, put, tmp_path: Path) -> None:
    path = put("a/1.bmp", GREY)
    raw = bytearray(path.read_bytes())
    raw[18:26] = (60_000).to_bytes(4, "little") * 2
    path.write_bytes(bytes(raw))
    with pytest.raises(PlanError, match=r"too large|damaged|no image"):
        read()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 400), bits=st.integers(1, 255), suffix=st.sampled_from(["png", "bmp", "gif", "tif", "jpg"]))
def test_any_damaged_image_is_one_or_an_error_of_the_plan(tmp_path_factory, at: int, bits: int, suffix: str) -> None:
    folder = tmp_path_factory.mktemp("i")
    (folder / "a").mkdir()
    path = folder / "a" / f"1.{suffix}"
    Image.fromarray(GREY).save(path)
    raw = bytearray(path.read_bytes())
    raw[at % len(raw)] ^= bits
    path.write_bytes(bytes(raw))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            load("image_folders", options={"path": ".", "mode": "grey"}, folder=folder)
        except PlanError as error:
            told = str(error)
            assert str(path) in told
