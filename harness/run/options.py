"""What a run is told from outside, by the pytest plug-in and by the command line alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.bench import boards, sources
from harness.bench.places import LEASE_WAIT_S, Place, places_of
from harness.errors import MisuseError
from harness.plans.bench import load_bench
from harness.plans.schema import MOST_SHARDS

Compiler = Literal["auto", "zig", "gcc"]
Speed = Literal["fast", "realtime"]
Shards = Literal["auto"] | int


@dataclass(frozen=True)
class RunOptions:
    """Where to run and with which image. ``firmware`` None = build it; ``uid`` None = any unit.

    ``wire_log``: keep every byte of each case in its report folder. ``resume``: go on with that run (``run.resume``
    says by which names) instead of beginning a new one. ``layers``: profile the layers of one sample too.
    ``serial_log``: keep what the firmware prints there, too. ``speed``: how recordings are played; None: as the plan says.
    ``baseline``: the earlier run that the case is held against, in place of the plan's. ``tags``: only units that the bench file
    gives all of these, beside what the plan requires. ``no_wait``: a unit in use is not waited for. ``bench``: the URL of the
    bench where it is elsewhere, "" for this host's; ``places`` are its units as they were.
    ``shards``: over so many units the samples are spread, in place of the plan's word. ``ask_first``: is told the id of a case, or
    of a test, and its image's SHA-256 before a unit is given that image, and raises a ``BenchError`` where none may be.
    """

    backend: str = "auto"
    places: tuple[Place, ...] = ()
    uid: str | None = None
    skip_flash: bool = False
    firmware: Path | None = None
    compiler: Compiler = "auto"
    allow_mass_erase: bool = False
    wire_log: bool = False
    resume: str | None = None
    layers: bool = False
    serial_log: bool = True
    speed: Speed | None = None
    baseline: str | None = None
    tags: tuple[str, ...] = ()
    no_wait: bool = False
    bench: str = ""
    named: bool = True  # whether a person asked for ``uid``, as whoever has it on hold must; else a scheduler gave it
    shards: Shards | None = None
    ask_first: Callable[[str, str], None] | None = None

    @property
    def wait_s(self) -> float:
        """How long a unit is waited for that others have."""
        return 0.0 if self.no_wait else LEASE_WAIT_S

    @classmethod
    def make(
        cls,
        *,
        backend: str,
        bench: str | Path | None,
        uid: str | None,
        skip_flash: bool = False,
        firmware: Path | None = None,
        compiler: Compiler = "auto",
        allow_mass_erase: bool = False,
        wire_log: bool = False,
        resume: str | None = None,
        layers: bool = False,
        serial_log: bool = True,
        speed: Speed | None = None,
        baseline: str | None = None,
        no_wait: bool = False,
        shards: str | None = None,
    ) -> RunOptions:
        """From what a user gave: ``bench`` is a file, or the URL of a bench elsewhere (``bench.sources``).

        ``PlanError`` when the bench file cannot be read, ``MisuseError`` for a URL that nobody knows and for ``shards``
        that are none, ``BenchError`` when who keeps a bench elsewhere is out of reach.
        """
        elsewhere = str(bench) if sources.is_url(bench) else ""
        places: tuple[Place, ...] = ()
        if elsewhere:
            places = sources.open_source(elsewhere).list()
        elif bench is not None:
            places = places_of(load_bench(Path(bench), boards.names()))
        return cls(
            backend,
            places,
            uid,
            skip_flash,
            firmware,
            compiler,
            allow_mass_erase,
            wire_log,
            resume,
            layers,
            serial_log,
            speed,
            baseline,
            no_wait=no_wait,
            bench=elsewhere,
            shards=shards_of(shards),
        )


def shards_of(text: str | None) -> Shards | None:
    """``auto``, or a number from 2 on. ``MisuseError`` for anything else."""
    if text is None:
        return None
    if text == "auto":
        return "auto"
    if text.isascii() and text.isdigit() and 2 <= int(text) <= MOST_SHARDS:
        return int(text)
    raise MisuseError(
        "the samples of a case cannot be spread so",
        where="--shards",
        expected=f"auto (all units of the kind that are free), or a number from 2 to {MOST_SHARDS}",
        found=text,
        next_step="leave --shards out to run on one unit",
    )
