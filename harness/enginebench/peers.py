"""Kernels of others under our functions, counted as ours are: CMSIS-NN, from the sources that the user has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness.build.engines import ExternalEngine
from harness.errors import MisuseError
from harness.paths import shipped

#: As in firmware/engines/cmsis_nn/engine.cmake: kernels that it has, and sources for other types than ours.
_REPLACED = re.compile(r"nn_(conv|dwconv|dense)_s8\.c$")
_OTHER_TYPES = re.compile(r"_(f16|f32|flt)\.c$")


@dataclass(frozen=True)
class Peer:
    """``sources`` and ``includes`` are added to a build, kernels of ``replaced`` names are left out of it."""

    name: str
    sources: tuple[Path, ...]
    includes: tuple[Path, ...]
    replaced: re.Pattern[str]
    scratch: str  # the adapter's memory for these kernels, as large as any network needs: what a run touches counts
    tables: str  # the adapter's copy of a layer's shifts as words; an SDK keeps such a copy of its own in flash: it does not count

    def replaces(self, function: str) -> bool:
        """Whether a kernel is computed by the peer."""
        return bool(self.replaced.match(f"{function.removeprefix('hil_')}.c"))


def peer(engine: ExternalEngine) -> Peer:
    """MisuseError for an engine that brings its own network, or a folder without sources."""
    if engine.name != "cmsis_nn":
        raise MisuseError(
            f"{engine.name} cannot be counted here: it brings its own network and needs a board around it",
            expected="cmsis_nn",
            next_step="its cycles: hil build PLAN --engine ..., then hil run PLAN --firmware ELF on a board",
        )
    found = sorted((engine.sdk_dir / "Source").rglob("*.c"))
    if not found:
        raise MisuseError(
            "there are no sources of CMSIS-NN", where=str(engine.sdk_dir), expected="a checkout: Include/, Source/"
        )
    adapter = shipped("firmware") / "engines" / engine.name / "adapter.c"
    sources = (adapter, *(path for path in found if not _OTHER_TYPES.search(path.name)))
    return Peer(engine.name, sources, (engine.sdk_dir / "Include",), _REPLACED, "scratch_memory", "wide_shift")
