"""Images in class folders, as image data sets are kept: one PNG, JPEG, BMP, ... a sample, read by Pillow.

Samples are [height, width, 1] in grey or [height, width, 3] in RGB, 0..1 unless `divide` says otherwise. PNG, BMP and the like
give the same values everywhere; JPEG decoders of two versions may differ by a grey level.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import Field, model_validator

from harness.data.dataset import Dataset
from harness.data.datasets import _common, _folders
from harness.errors import PlanError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm")
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
#: An image of more is a mistake, or made to fill the memory.
_MOST_PIXELS = 50_000_000
_ORIENTATION = 0x0112  # Exif 2.32, 4.6.4
_RESIZE = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

EXAMPLE = """\
dataset:
  name: image_folders
  split: test
  options:
    path: data/faces            # data/faces/test/anna/0001.png, ...
    mode: grey
    size: 96x96
    resize: bilinear
    fit: crop
"""


class Options(_folders.Folders):
    """Folders of images, and what is made of each."""

    mode: Literal["grey", "rgb"] = Field(
        default="rgb", description="grey: one channel (0.299 R + 0.587 G + 0.114 B, ITU-R 601). rgb: three."
    )
    size: _common.Shape = Field(
        default=(),
        description="Height x width of a sample, 96x96. Empty: as the images are, which must all be of one size.",
    )
    resize: Literal["refuse", "nearest", "box", "bilinear", "bicubic", "lanczos"] = Field(
        default="refuse",
        description="What becomes of an image of another size: refused, or resampled by the filter of that name of Pillow."
        " Pillow's filters widen when they shrink an image (antialiasing), those of TensorFlow and OpenCV do not.",
    )
    fit: Literal["stretch", "crop", "pad"] = Field(
        default="stretch",
        description="How `resize` fills another aspect: stretch changes it, crop cuts the longer side on both ends alike, pad adds"
        " black on both ends.",
    )
    alpha: Literal["refuse", "black", "white"] = Field(
        default="refuse",
        description="What stands behind an image that is not opaque everywhere; refuse: such images are refused.",
    )
    orientation: Literal["refuse", "apply", "ignore"] = Field(
        default="refuse",
        description="What is done with the turn that a camera notes in Exif: apply turns the image as viewers do, ignore takes it"
        " as stored, as TensorFlow and torchvision do; refuse: turned images are refused.",
    )
    divide: float | tuple[float, ...] = Field(
        default=255.0, description="Inputs are (value - subtract) / divide, in float32: 255 makes 0..1 of bytes."
    )

    @model_validator(mode="after")
    def _size_is_two(self) -> Self:
        if self.size and len(self.size) != 2:
            raise ValueError("'size' is height x width: 96x96")
        if self.resize != "refuse" and not self.size:
            raise ValueError("'resize' needs 'size'")
        return self


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return _folders.splits(options, folder, SUFFIXES)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split's images; the sample ids are their paths below ``path``."""
    return _folders.read(options, split, folder, first, SUFFIXES, lambda path: _pixels(path, options))


def _pixels(path: Path, options: Options) -> npt.NDArray[np.generic]:
    """[height, width, channels] uint8."""
    _common.refuse_pointer(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow only warns of (sizes, damaged Exif) is asked about below
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise _refused(path, "the image is too large", f"at most {_MOST_PIXELS:,} pixels", _size(image))
                if (frames := getattr(image, "n_frames", 1)) != 1:
                    raise _refused(path, "the file holds several images", "one image", f"{frames} frames")
                image.load()
                made = _made(path, image, options)
    except PlanError:
        raise
    except UnidentifiedImageError:
        raise _refused(
            path, "the file is no image that can be read", ", ".join(_FORMATS), f"{path.stat().st_size} bytes"
        ) from None
    except Exception as error:  # Pillow's decoders raise a dozen kinds on damaged bytes
        raise _refused(path, "the image is damaged", "a whole image", str(error) or type(error).__name__) from error
    values = np.asarray(made)
    return values[..., np.newaxis] if values.ndim == 2 else values


def _made(path: Path, image: Image.Image, options: Options) -> Image.Image:
    found: Image.Image = image
    turn = image.getexif().get(_ORIENTATION, 1)
    if turn not in (0, 1) and options.orientation == "refuse":
        raise _refused(
            path,
            "a camera noted that the image is to be turned",
            "an image as stored, or the option 'orientation'",
            f"Exif orientation {turn}",
            "orientation: apply, or ignore: as it was in training",
        )
    if options.orientation == "apply":
        found = ImageOps.exif_transpose(found)
    found = _opaque(path, found, options)
    if found.mode not in ("1", "L", "P", "RGB"):
        raise _refused(path, "the image has another kind of pixels", "8 bits of grey or RGB", f"mode {found.mode}")
    if found.mode == "P":
        found = found.convert("RGB")
    found = found.convert("L" if options.mode == "grey" else "RGB")
    wanted = (options.size[1], options.size[0]) if options.size else found.size
    if found.size == wanted:
        return found
    if options.resize == "refuse":
        raise _refused(
            path,
            "the image has another size",
            f"{wanted[1]}x{wanted[0]} (height x width)",
            _size(found),
            "name the rule that makes it so: resize: bilinear (fit: stretch, crop or pad)",
        )
    how = _RESIZE[options.resize]
    if options.fit == "crop":
        return ImageOps.fit(found, wanted, how)
    if options.fit == "pad":
        return ImageOps.pad(found, wanted, how)
    return found.resize(wanted, how)


def _opaque(path: Path, image: Image.Image, options: Options) -> Image.Image:
    if image.mode not in ("LA", "RGBA", "PA") and "transparency" not in image.info:
        return image
    image = image.convert("RGBA")
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    if options.alpha == "refuse":
        raise _refused(
            path,
            "the image is not opaque",
            "opaque pixels, or the option 'alpha'",
            "an alpha channel below 255",
            "alpha: black, or white: what stands behind it",
        )
    behind = Image.new("RGBA", image.size, options.alpha)
    return Image.alpha_composite(behind, image).convert("RGB")


def _size(image: Image.Image) -> str:
    return f"{image.height}x{image.width}"


def _refused(
    path: Path, what: str, expected: str, found: str, next_step: str = "correct or remove the file"
) -> PlanError:
    return PlanError(what, where=str(path), expected=expected, found=found, next_step=next_step)
