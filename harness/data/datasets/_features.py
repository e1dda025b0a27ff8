"""Front ends in the forms of datasets: raw samples become what the network reads, by the registry of ``data.features``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data import features
from harness.data.datasets import _common
from harness.data.datasets._own import Floats
from harness.errors import PlanError


class FeatureOptions(_common.Options):
    """What is computed of each sample before it goes to the network."""

    features: str | dict[str, str] = Field(
        default="",
        description="A front end that makes features of each raw sample, by its name or as {name: micro, variant: S}. Empty:"
        " none, the samples go to the network as they are.",
    )


def level_step(options: FeatureOptions) -> float:
    """``Dataset.level_step`` of what ``applied`` gives."""
    return (features.load(options.features).level_step or 0.0) if options.features else 0.0


def applied(samples: npt.NDArray[np.generic], options: FeatureOptions, where: str, rate_hz: int = 0) -> Floats:
    """Raw samples [N, ...] as features [N, ...] float32; without a front end as they are. ``PlanError``: it takes none such."""
    if not options.features:
        return np.array(samples, dtype=np.float32, order="C")
    front_end = features.load(options.features)
    if rate_hz and rate_hz != front_end.sample_hz:
        raise PlanError(
            "the recordings have another rate than the front end is for",
            where=where,
            expected=f"{front_end.sample_hz} Hz for {front_end.name}",
            found=f"{rate_hz} Hz",
            next_step="resample them",
        )
    try:
        return np.ascontiguousarray(front_end.compute_all(samples), dtype=np.float32)
    except ValueError as error:
        raise PlanError(
            f"the front end {front_end.name!r} does not take these samples",
            where=where,
            found=f"{samples.dtype} {list(samples.shape[1:])}: {error}",
            next_step="correct dataset.options.features, or length and columns of the samples",
        ) from error
