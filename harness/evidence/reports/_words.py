"""How a record is put into words: the same numbers and names in every report for people."""

from __future__ import annotations

import math

from harness.records import GateResult, Measurement, Record, Verdict
from harness.verdict import tasks
from harness.verdict.statistics import LEVEL

# What a reader looks for first; the rest of the measurements follows in the order they were taken. Float kernels promise no equal
# bytes, only small differences and the same decisions: there that comes first, and ``agreement`` only where a gate asks for it.
_PROMISED_INTEGERS = ("accuracy", "agreement", "decision_agreement", "max_abs_diff")
_PROMISED_FLOATS = ("max_abs_diff", "decision_agreement", "accuracy")
_HEADLINES = (
    "latency_us.p50",
    "latency_us.p99",
    "samples_per_s",
    "flash_bytes",
    "ram_bytes",
    "lost_samples",
)
_MEANING = {
    Verdict.PASS: "all that was judged holds",
    Verdict.FAIL: "the product is wrong",
    Verdict.ERROR: "the rig is wrong: nothing is said of the product",
    Verdict.INCONCLUSIVE: "not enough evidence for either",
}


def meaning(verdict: Verdict) -> str:
    """What a verdict says, in half a sentence."""
    return _MEANING[verdict]


def banner(record: Record) -> str:
    """What the evidence cannot say; empty on hardware."""
    if record.evidence != "emulated":
        return ""
    return record.caveat or f"{record.backend}, emulated: no cycles, no latency"


def tried(record: Record) -> list[tuple[str, str]]:
    """What was tried before on other units and the rig has ended: ``flaky`` where this try went on, with what it was."""
    name = "first_try" if record.verdict is Verdict.ERROR else "flaky"
    return [
        (
            name,
            f"a first try{f' on {each.unit}' if each.unit else ''} ended as {each.ended}: {each.reason}"
            + (f"; its reports: {each.folder}/" if each.folder else ""),
        )
        for each in record.tries
    ]


def remarks(record: Record) -> list[str]:
    """What a reader should know although it changes no verdict: earlier tries, and warnings."""
    return [*(f"{name.replace('_', ' ')}: {text}" for name, text in tried(record)), *record.warnings]


def figure(value: float, unit: str) -> str:
    """A number with its unit as people read it. Only 1 is 100 % or 1, and only 0 is 0 %."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    if unit == "ratio":
        text = f"{100 * value:.2f}"
        if text == "100.00" and value < 1:
            return "> 99.99 %"
        if text == "0.00" and value > 0:
            return "< 0.01 %"
        if text == "-0.00":
            return "> -0.01 %" if value else "0.00 %"
        return f"{text} %"
    text = f"{value:,.0f}" if value == int(value) else f"{value:,.1f}" if abs(value) >= 1000 else _short(value)
    return text if unit == "1" else f"{text} {unit}"


def _short(value: float) -> str:
    texts = (f"{value:.{digits}g}" for digits in range(4, 18))
    return next(text for text in texts if float(text) not in (1.0, -1.0))


def signed(value: float) -> str:
    """A change of a share, with its sign: ``+1.20 %``."""
    return ("+" if value > 0 else "") + figure(value, "ratio")


def moved(value: float, unit: str) -> str:
    """How far a figure went, with its sign. That of two shares is in points, not in per cent of anything."""
    if unit == "ratio":
        return f"{100 * value:+.2f} points"
    return f"{'+' if value > 0 else '-'}{figure(abs(value), unit)}"


def between(low: float, high: float, *, change: bool = False) -> str:
    """The interval of a share, or of the ``change`` of one: ``95.40 to 98.47 %``, ``-0.83 to +1.90 %``."""
    lower, upper = (signed(end) if change else figure(end, "ratio") for end in (low, high))
    return f"{lower.removesuffix(' %')} to {upper}"


def p_value(p: float) -> str:
    """``0.030``, or ``< 0.001``."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(measurement: Measurement) -> str:
    """``95.4 to 98.5 %``; empty where there is none."""
    return _between(measurement.low, measurement.high, measurement.unit)


def interval_by_group(measurement: Measurement) -> str:
    """The same by groups; empty where no two samples share one, or all do."""
    by = measurement.by_group
    return "" if by is None else _between(by.low, by.high, measurement.unit)


def groups(measurement: Measurement) -> str:
    """``450 samples in 30 groups``; empty where no two samples share one. ``worth 61`` independent ones, where it is a share."""
    by = measurement.by_group
    if by is None:
        return ""
    text = f"{measurement.n:,} samples in {by.groups:,} group{'s' if by.groups > 1 else ''}"
    return text if by.effective_n is None else f"{text}, worth {max(1, round(by.effective_n)):,}"


def _between(low: float | None, high: float | None, unit: str) -> str:
    if low is None and high is None:
        return ""
    ends = "?" if low is None else figure(low, _bare(unit)), "?" if high is None else figure(high, unit)
    return f"{ends[0].removesuffix(' %')} to {ends[1]}"


def _bare(unit: str) -> str:
    return unit if unit == "ratio" else "1"


def limit(gate: GateResult) -> str:
    """``accuracy >= 0.95``, with ``needs hardware`` and ``confidence 0.95`` where that is so: as in the plan."""
    text = f"{gate.metric} {gate.op} {gate.limit:.12g}{' %' if gate.unit == '%' else ''}"
    if gate.needs:
        text += f" needs {gate.needs}"
    # Against a baseline every level but the usual one was asked for.
    if gate.confidence is not None and (gate.baseline is None or gate.confidence != LEVEL):
        text += f" confidence {gate.confidence:.12g}"
    return text if gate.severity == "block" else f"{text} severity {gate.severity}"


def against(record: Record) -> str:
    """``held against release-1.4: run 1f2e..., 2026-11-28, 450 samples; changed: model``; empty where it was not."""
    facts = record.baseline
    if facts is None:
        return ""
    changed = f"; changed: {', '.join(facts.changes)}" if facts.changes else "; nothing changed between the two"
    name = facts.name if facts.name != facts.run_id else "a baseline"
    return f"held against {name}: run {facts.run_id}, {facts.started:%Y-%m-%d}, {facts.n:,} samples{changed}"


def shortened(record: Record) -> str:
    """``shortened by --samples: 60 of 450 samples``; empty for a whole run."""
    data = record.dataset
    if data is None or data.planned is None or data.n >= data.planned:
        return ""
    return f"shortened by --samples: {data.n:,} of {data.planned:,} samples"


def filling(record: Record) -> str:
    """``1.20 % at an end of the range, 0.00 % clipped, 17 distinct values``; empty where nothing was encoded."""
    facts = record.inputs
    if facts is None:
        return ""
    rail, clipped = figure(facts.at_rail, "ratio"), figure(facts.clipped, "ratio")
    return f"{rail} at an end of the range, {clipped} clipped, {facts.distinct:,} distinct values"


def outcome(gate: GateResult) -> str:
    """``pass``, ``fail`` or ``inconclusive``; ``warning`` where what is broken only warns."""
    if gate.passed is False and not gate.breaks:
        return "warning"
    return {True: "pass", False: "fail", None: "inconclusive"}[gate.passed]


def headlines(record: Record) -> list[Measurement]:
    """The measurements that a short report shows: what was promised first."""
    promised = _PROMISED_FLOATS if record.outputs == "float32" else _PROMISED_INTEGERS
    if record.task != "classification" and record.task in tasks.names():
        promised = (*tasks.load(record.task).HEADLINES, *promised)
    each = [m.name for m in record.measurements if record.output and m.name.startswith(("agreement.", "max_abs_diff."))]
    names = (*promised, *each, *_HEADLINES)
    if "agreement" not in names and any(gate.metric == "agreement" for gate in record.gates):
        names = (*names, "agreement")
    return [m for name in names if (m := record.measurement(name)) is not None]


def task(record: Record) -> str:
    """``regression of angle``: what the outputs mean, and which of several was looked at; empty for the usual classification."""
    if not record.output:
        name = "" if record.task == "classification" else record.task
    else:
        name = record.task if record.task == "raw" else f"{record.task} of {record.output}"
    return f"{name} ({said})" if (said := options(record)) else name


def options(record: Record) -> str:
    """``windows 5, threshold_split train``: those of the task that are not as they are without being said; empty for none."""
    fields = tasks.load(record.task).Options.model_fields if record.task in tasks.names() else {}
    said = ((s.name, s.value, fields[s.name].default if s.name in fields else None) for s in record.task_options)
    return ", ".join(f"{name} {value}" for name, value, default in said if value != str(default))


def score(record: Record) -> str:
    """What ``Samples.scores`` are; empty for a task without, or one that this version does not know."""
    return tasks.load(record.task).SCORE if record.task in tasks.names() else ""


def ordered(record: Record) -> list[Measurement]:
    """All measurements: the headlines, then the rest as they were taken."""
    first = headlines(record)
    return [*first, *(m for m in record.measurements if m not in first)]


def trouble(record: Record) -> list[str]:
    """What went wrong on the line, and how much went over it; empty when nothing did."""
    link = record.link
    if link is None:
        return []
    seen = [
        ("samples without an answer", link.lost),
        ("damaged frames, seen by the board or the host", link.frames_bad),
        ("chunks sent again", link.resent),
        ("times that the host had to ask what became of its frames", link.stalls),
        ("resets of the board that were survived", link.resets),
        ("resets of the silent board through its probe", link.revived),
        ("times that the port vanished and came back", link.reopened),
    ]
    lines = [f"{what}: {count:,}" for what, count in seen if count]
    moved = f"{link.bytes_tx:,} B went out and {link.bytes_rx:,} B came in at {link.baud:,} baud in {link.wall_s:.2f} s"
    return [*lines, moved] if lines else []


def folded(text: str, lines: int = 12, characters: int = 1000) -> tuple[str, str]:
    """What of a long text is shown at once, and the rest; "" for a text of ordinary length."""
    end = len("\n".join(text.split("\n")[:lines]))
    end = min(end, characters)
    return (text, "") if len(text) <= end else (text[:end], text[end:].lstrip("\n"))


def _some(names: tuple[str, ...], shown: int = 20) -> str:
    if len(names) <= shown:
        return ", ".join(names)
    return f"{len(names)}: {', '.join(names[: shown // 2])} and {len(names) - shown // 2} more"


def identity(record: Record) -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything that ties the numbers to things: (title, (label, value)...) in the order to show."""
    parts: list[tuple[str, list[tuple[str, str]]]] = []
    if (f := record.firmware) is not None:
        flashed = "skipped" if f.flash_s is None else f"{f.flash_s:.2f} s"
        parts.append(
            (
                "Firmware",
                [
                    ("ELF SHA-256", f.elf_sha256),
                    ("Model SHA-256", f.model_sha256),
                    ("Engine", f.engine),
                    ("Build id", f.build_id),
                    ("Compiler", f.compiler),
                    ("Flash", figure(f.flash_bytes, "B")),
                    ("RAM", figure(f.ram_bytes, "B")),
                    ("Flashing", flashed),
                    ("Read back and verified", "yes" if f.verified else "no"),
                ],
            )
        )
    if (n := record.network) is not None:
        converted = [("SHA-256 of the file, which was converted", n.file_sha256)] if n.file_sha256 != n.sha256 else []
        parts.append(("Model", [("Name", n.name), ("SHA-256", n.sha256), ("File", n.file), *converted]))
    if (d := record.dataset) is not None:
        rows = [("Name", d.name), ("Split", d.split), ("Samples", f"{d.n:,}"), ("Classes", _some(d.classes))]
        parts.append(
            (
                "Dataset",
                [*rows, ("Task", task(record)), ("As the model's input", filling(record)), ("SHA-256", d.sha256)],
            )
        )
    if (r := record.reference) is not None:
        parts.append(("Reference", [("Engine", r.engine), ("Version", r.version)]))
    if (c := record.conversion) is not None:
        computed = f"{c.origin.engine} {c.origin.version}"
        rows = [("File", c.origin.file), ("SHA-256", c.origin.sha256), ("Computed by", computed)]
        parts.append(("Origin", [*rows, ("Samples", c.origin.inputs)]))
    if (link := record.link) is not None:
        parts.append(
            (
                "Link",
                [
                    ("Baud", f"{link.baud:,}"),
                    ("Sent / received", f"{link.bytes_tx:,} / {link.bytes_rx:,} B"),
                    ("Bad frames", str(link.frames_bad)),
                    ("Chunks sent again", str(link.resent)),
                    ("Samples lost", str(link.lost)),
                    ("Resets survived", str(link.resets)),
                    ("Revived by the probe", str(link.revived)),
                    ("Port reopened", str(link.reopened)),
                    ("Stalls", str(link.stalls)),
                    ("Climbs of the baud", str(link.climbs)),
                    ("Overlap with inference", "-" if link.overlap is None else figure(link.overlap, "ratio")),
                    ("Line use", "-" if link.line_use is None else figure(link.line_use, "ratio")),
                    (
                        "Wall time" if record.evidence == "hardware" else "Wall time of the emulation",
                        f"{link.wall_s:.2f} s",
                    ),
                ],
            )
        )
    unit = (
        []
        if record.unit is None
        else [
            ("Unit", record.unit.uid),
            ("Chip id", record.unit.chip_id),
            ("Chip id in hello", "" if record.unit.chip_id_hello == record.unit.chip_id else record.unit.chip_id_hello),
            (
                "Clock",
                "" if record.unit.clock_hz is None else f"{record.unit.clock_hz:,} Hz {record.unit.clock_source}",
            ),
            ("Probe", record.unit.probe),
            ("Port", record.unit.port),
        ]
    )
    seconds = (record.finished - record.started).total_seconds()
    parts.append(
        (
            "Run",
            [
                ("Run id", record.run_id),
                ("Started", record.started.isoformat(timespec="seconds")),
                ("Duration", f"{seconds:.1f} s"),
                ("Backend", f"{record.backend} ({record.evidence})"),
                *unit,
                ("Host", record.host),
                ("Harness", record.harness_version),
            ],
        )
    )
    return [(title, [(label, value) for label, value in rows if value]) for title, rows in parts]
