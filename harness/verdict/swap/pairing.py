"""Which rows of two runs are about the same sample: by its id and by what it was. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.records import Record, Samples
from harness.verdict.swap.facts import Pairing

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Side:
    """One of two runs. ``name`` is what messages call it: what the user typed."""

    name: str
    record: Record
    samples: Samples


@dataclass(frozen=True)
class Pairs:
    """Row ``baseline[i]`` of one and row ``candidate[i]`` of the other are about the same sample, in the baseline's order.

    ``sound``: both answered; where not, the candidate did not, which counts against it. Samples without a sound answer of the
    baseline are left out: they would make the candidate look better than it is.
    """

    baseline: Rows
    candidate: Rows
    sound: npt.NDArray[np.bool_]
    facts: Pairing

    @property
    def n(self) -> int:
        """Samples that are compared."""
        return len(self.baseline)


def pair(baseline: Side, candidate: Side, *, common: bool = False) -> Pairs:
    """The samples that both sides were sent.

    Data sets with the same hash are the same. Another hash is accepted where every sample of the shorter run is in the other one,
    with the same content and label: a run cut short, or data that grew. ``common``: accept also that each has samples of its own,
    or some with another content or label; those are left out and counted.

    ``MisuseError``: other data (with both hashes), no digests to tell by, an id twice, or no sample that can be compared.
    """
    one, other = baseline.samples, candidate.samples
    rows_b, rows_c, alone_b, alone_c = _by_id(baseline, candidate)
    known = one.digests is not None and other.digests is not None
    same_data = _hash(baseline) == _hash(candidate) != ""
    if not same_data and not known:
        raise _refusal(baseline, candidate, "which samples are the same cannot be told without their digests")
    same = np.ones(len(rows_b), dtype=np.bool_)
    if one.digests is not None and other.digests is not None:
        same = np.asarray(one.digests[rows_b] == other.digests[rows_c])
    labelled = np.asarray(one.labels[rows_b] == other.labels[rows_c])
    n_content, n_label = int((~same).sum()), int((same & ~labelled).sum())
    if not common and not same_data:
        if n_content:
            raise _refusal(
                baseline, candidate, f"{n_content} of {len(same)} samples with the same id are other samples"
            )
        if n_label:
            raise _refusal(
                baseline,
                candidate,
                f"{n_label} of {len(same)} samples have another label",
                (_labels_hash(one, rows_b), _labels_hash(other, rows_c)),
            )
        if not len(same) or (alone_b and alone_c):
            raise _refusal(
                baseline,
                candidate,
                f"{len(same)} samples in common, {alone_b} of the baseline alone and {alone_c} of the candidate alone",
            )
    kept = same & labelled & one.sound[rows_b]
    if not kept.any():
        raise MisuseError(
            "the two runs have no sample to compare",
            where=f"{baseline.name} and {candidate.name}",
            expected="samples that both were sent and that the baseline answered",
            found=f"{len(same)} ids in common, {n_content} with another content, {n_label} with another label",
            next_step="run both on the same data",
        )
    sound = other.sound[rows_c[kept]]
    return Pairs(
        rows_b[kept],
        rows_c[kept],
        sound,
        Pairing(
            n=int(kept.sum()),
            by="id and content" if known else "id",
            n_only_baseline=alone_b,
            n_only_candidate=alone_c,
            n_other_content=n_content,
            n_other_label=n_label,
            n_no_baseline=int((same & labelled).sum() - kept.sum()),
            n_no_candidate=int((~sound).sum()),
        ),
    )


def _by_id(baseline: Side, candidate: Side) -> tuple[Rows, Rows, int, int]:
    """Rows of both with the same id, in the baseline's order, and how many either has alone."""
    for side in (baseline, candidate):
        if len(set(side.samples.ids.tolist())) != len(side.samples.ids):
            raise MisuseError(
                "an id stands for more than one sample",
                where=side.name,
                expected="each id once",
                next_step="give each sample of the data an id of its own, and run again",
            )
    where = {id_: row for row, id_ in enumerate(candidate.samples.ids.tolist())}
    found = [(row, where[id_]) for row, id_ in enumerate(baseline.samples.ids.tolist()) if id_ in where]
    rows = np.array(found, dtype=np.intp).reshape(-1, 2)
    return rows[:, 0], rows[:, 1], len(baseline.samples.ids) - len(rows), len(where) - len(rows)


def _hash(side: Side) -> str:
    return side.record.dataset.sha256 if side.record.dataset else ""


def _labels_hash(samples: Samples, rows: Rows) -> str:
    text = "".join(f"{samples.ids[row]} {samples.labels[row]}\n" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _refusal(baseline: Side, candidate: Side, why: str, labels: tuple[str, str] | None = None) -> MisuseError:
    def told(side: Side, hashed: str) -> str:
        data = side.record.dataset
        text = f"{data.name} {data.split!r}, {data.n} samples, sha256 {data.sha256}" if data else "no data"
        return f"{text}{f', labels sha256 {hashed}' if hashed else ''} ({side.name})"

    one, other = labels or ("", "")
    return MisuseError(
        "the two runs are not of the same data",
        where=why,
        expected=told(baseline, one),
        found=told(candidate, other),
        next_step="run the candidate on the baseline's data, or name a baseline of this data",
    )
