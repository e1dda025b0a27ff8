"""What a sample looks like: an image, a sound with its spectrum, the axes of a motion sensor, or curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from harness.data.preview import is_image
from harness.evidence.reports._draw import BAD, GOOD, MUTED, SIZE, Drawing, breadth
from harness.evidence.reports._plots import thumbnail
from harness.evidence.reports._signals import edges, envelope, spectrum

Kind = Literal["image", "sound", "curves", "none"]
Floats = npt.NDArray[np.floating]

_WIDTH, _PANEL, _GAP = 300.0, 54.0, 6.0
_COLUMNS = 150  # of a signal over time: that many points to a curve, strips to a spectrum
_LARGEST = 96  # pixels of an image's longer side; a larger one is thinned
_SHORTEST_SOUND = 1000  # values: a shorter row of numbers shows nothing in a spectrum
_AXES = 3  # curves in one panel
_MOST_AXES = 12
#: Colour, and whether dashed: the axes are told apart without colours too.
_CURVES = ((GOOD, False), (BAD, True), (MUTED, False))
#: What the panels of a motion sensor with six values show; the boards' IMUs give them in this order.
_MOTION = ("acceleration", "turn rate")


@dataclass(frozen=True)
class Pictures:
    """Samples as they are before any network takes them, by their ids, in real units. ``why_none`` says why there are none.

    ``sample_hz``: instants a second of a sound or a motion; 0: not known.
    """

    samples: Mapping[str, Floats] = field(default_factory=dict)
    sample_hz: int = 0
    why_none: str = ""

    def kind(self) -> Kind:
        """What all of them are; ``none`` where there are none, or they have a shape that nothing is drawn of."""
        sample = next(iter(self.samples.values()), None)
        return "none" if sample is None else kind_of(sample.shape)

    def picture(self, id_: str) -> Markup:
        """An ``img`` or ``svg`` that shows the sample; empty where there is none."""
        sample = self.samples.get(id_)
        if sample is None:
            return Markup("")
        kind = kind_of(sample.shape)
        if kind == "image":
            return _image(sample, id_)
        values = sample.astype(np.float64)
        if kind == "sound":
            return Markup(_sound(values.reshape(-1), self.sample_hz, id_))
        return Markup(_curves(_axes(values), self.sample_hz, id_)) if kind == "curves" else Markup("")


def kind_of(shape: tuple[int, ...]) -> Kind:
    """What a sample of that shape is drawn as.

    A square of neither 1, 3 nor 4 channels is a row of instants that was folded into one: its channels are drawn over time.
    """
    if len(shape) == 3 and min(shape[:2]) > 1:
        return "image" if shape[2] in (1, 3, 4) else "curves"
    if len(shape) == 2 and is_image(shape):
        return "image"
    values = int(np.prod(shape))
    if values == max(shape, default=0):
        return "sound" if values >= _SHORTEST_SOUND else "curves" if values > 1 else "none"
    return "curves" if len(shape) == 2 else "none"


def grey(image: Floats) -> Floats:
    """[H, W] of an image [H, W], [H, W, 1], or of the mean of its first three channels."""
    return image if image.ndim == 2 else image[..., 0] if image.shape[2] == 1 else image[..., :3].mean(axis=2)


def _image(image: Floats, id_: str) -> Markup:
    shown = grey(image).astype(np.float32)
    if image.ndim == 3 and image.shape[2] > 1:
        shown = -shown  # thumbnails are ink on paper; a photograph is light where its values are high
    step = -(-max(shown.shape) // _LARGEST)
    source = thumbnail(shown[::step, ::step])
    return Markup('<img src="{}" alt="Input of {}">').format(source, id_) if source else Markup("")


def _axes(sample: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As [instants, axes]."""
    return sample.reshape(-1, 1) if sample.ndim == 1 else sample.reshape(-1, sample.shape[-1])


def _sound(sound: npt.NDArray[np.float64], sample_hz: int, id_: str) -> str:
    tall = 2 * _PANEL + _GAP
    span = f"{len(sound) / sample_hz:.3g} s" if sample_hz else f"{len(sound):,} values"
    drawing = Drawing(_WIDTH, tall + 1.6 * SIZE, f"Sound {id_}", f"Above the signal over {span}, below its spectrum")
    envelope(drawing, (0.0, 0.0, _WIDTH, _PANEL), sound[:, None], _COLUMNS)
    spectrum(
        drawing, (0.0, _PANEL + _GAP, _WIDTH, tall), sound / max(np.abs(sound).max(), 1e-9), sample_hz or 1, _COLUMNS
    )
    drawing.text(0, tall + 0.8 * SIZE, "0", anchor="start", colour=MUTED)
    drawing.text(_WIDTH, tall + 0.8 * SIZE, span, anchor="end", colour=MUTED)
    if sample_hz:
        hertz = f"{sample_hz / 160:g} to {sample_hz / 2:g} Hz, upwards"
        drawing.text(_WIDTH / 2, tall + 0.8 * SIZE, hertz, colour=MUTED)
    return drawing.svg()


def _curves(axes: npt.NDArray[np.float64], sample_hz: int, id_: str) -> str:
    panels = [axes[:, at : at + _AXES] for at in range(0, min(axes.shape[1], _MOST_AXES), _AXES)]
    motion = axes.shape[1] == len(_MOTION) * _AXES
    named = motion or len(panels) > 1
    strip = 1.3 * SIZE if named else 0.0
    tall = len(panels) * (_PANEL + _GAP + strip)
    span = f"{len(axes) / sample_hz:.3g} s" if sample_hz else f"{len(axes):,} instants"
    drawing = Drawing(_WIDTH, tall + 1.4 * SIZE, f"Signal {id_}", f"{axes.shape[1]} values over {span}")
    top = 0.0
    for number, panel in enumerate(panels):
        if named:
            first = number * _AXES
            name = _MOTION[number] if motion else "axes"
            drawing.text(0, top + 0.7 * SIZE, name, anchor="start", colour=MUTED)
            _legend(
                drawing, breadth(name), top + 0.7 * SIZE, panel.shape[1], first=0 if motion else first, motion=motion
            )
        top += strip
        _panel(drawing, top, panel)
        top += _PANEL + _GAP
    drawing.text(0, tall + 0.5 * SIZE, "0", anchor="start", colour=MUTED)
    drawing.text(_WIDTH, tall + 0.5 * SIZE, span, anchor="end", colour=MUTED)
    return drawing.svg()


def _legend(drawing: Drawing, left: float, y: float, axes: int, *, first: int, motion: bool) -> None:
    """Which curve is which, each in its own colour, behind the panel's name."""
    for at in range(axes):
        colour, dashed = _CURVES[at]
        words = f"{'xyz'[at] if motion else first + at}{' - -' if dashed else ''}"
        left += 0.9 * SIZE
        drawing.text(left, y, words, anchor="start", colour=colour)
        left += breadth(words)


def _panel(drawing: Drawing, top: float, axes: npt.NDArray[np.float64]) -> None:
    chosen = edges(len(axes) - 1, _COLUMNS)
    low, high = float(axes.min()), float(axes.max())
    for at in range(axes.shape[1]):
        colour, dashed = _CURVES[at]
        ys = top + _PANEL * (1 - (axes[chosen, at] - low) / max(high - low, 1e-9))
        xs = chosen / max(len(axes) - 1, 1) * _WIDTH
        drawing.curve([*zip(map(float, xs), map(float, ys), strict=True)], colour, dashed=dashed)
    drawing.line(0, top + _PANEL, _WIDTH, top + _PANEL)


__all__ = ["Kind", "Pictures", "grey", "kind_of"]
