"""The IMU's scaling: 400 instants of three accelerations and three turn rates to an image of 20 x 20, in float32.

200 Hz, columns ax ay az gx gy gz. ``range``: the least and the greatest of the three accelerations, then of the three rates, over
the window. ``row``: (x - least) / (greatest - least), a true division, and 0 where nothing moved. Instant 20 h + w is the image's
row h, column w. ``layout`` says where the axes go: ``hwc`` last, ``chw`` first. A network trained on one and fed the other scores
about like chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from harness.data.features import _base
from harness.data.features._fixed import Array

SIDE, AXES, GROUP = 20, 6, 3


class Options(_base.Options):
    """What a plan may say."""

    layout: Literal["hwc", "chw"] = Field(default="hwc", description="hwc: 20 x 20 x 6. chw: 6 x 20 x 20.")
    hop: int = Field(
        default=SIDE * SIDE, ge=1, le=SIDE * SIDE, description="In a stream: a window every so many instants."
    )


class Imu(_base.FrontEnd):
    """See the module."""

    name = "imu"
    sample_hz = 200
    channels = AXES
    sample_dtype = "float32"
    row_dtype = "float32"
    window = SIDE * SIDE
    values = SIDE * SIDE * AXES
    rows = 1
    c_name = "imu"
    state_bytes = 4 * 4

    def __init__(self, options: Options) -> None:
        self.layout = options.layout
        self.hop = options.hop

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        """See ``FrontEnd.parameters``."""
        return {"layout": self.layout, "hop": self.hop}

    @property
    def c_settings(self) -> Mapping[str, int]:
        """See ``FrontEnd.c_settings``."""
        return {"channels_first": int(self.layout == "chw")}

    @property
    def tables(self) -> Mapping[str, Array]:
        """None: there are no constants but the parameters."""
        return {}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """See ``FrontEnd.input_shape``."""
        return (SIDE, SIDE, AXES) if self.layout == "hwc" else (AXES, SIDE, SIDE)

    def _stages(self, windows: Array, state: _base.State) -> _base.Stages:
        x = windows.astype(np.float32)
        parts = [x[..., :GROUP], x[..., GROUP:]]
        # + 0: a least of -0 is one of 0, whichever came first.
        ends = [(part.min(axis=(2, 3)) + 0, part.max(axis=(2, 3)) + 0) for part in parts]
        scaled = np.zeros_like(x)
        for index, (part, (least, greatest)) in enumerate(zip(parts, ends, strict=True)):
            least, span = least[..., None, None], (greatest - least)[..., None, None]
            into = scaled[..., index * GROUP : (index + 1) * GROUP]
            np.divide(part - least, span, out=into, where=np.broadcast_to(span > 0, part.shape))
        if self.layout == "chw":
            scaled = np.moveaxis(scaled, -1, -2)
        row = np.ascontiguousarray(scaled).reshape(*x.shape[:2], self.values)
        return {"range": np.stack([end for pair in ends for end in pair], axis=-1), "row": row}


def made(options: Options) -> Imu:
    """The front end with those options."""
    return Imu(options)
