"""One emulated board: brought up through Renode's monitor, then run through its external (``bench``)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib import resources

from harness.errors import BenchError
from harness.renode.bench import Bench
from harness.renode.console import NoAnswer
from harness.renode.launch import Launched
from harness.renode.log import Findings, scan
from harness.renode.platform import Facts, models, render

CALL_TIMEOUT_S = 30.0  # a step takes milliseconds; on a busy host much more
QUANTUM_S = 0.001  # how often everything in Renode meets; a tenth of it costs six times as much
_MACHINE = "dut"


class Machine:
    """One board. ``BenchError`` when Renode refuses something, ``NoAnswer``/``CoreAborted`` when it is at its end."""

    def __init__(self, launched: Launched, facts: Facts) -> None:
        self._launched, self.facts = launched, facts
        self.version = version_of(launched.do("version"))
        folder = launched.folder
        (folder / "hil.cs").write_text(source(models(facts), self.version), encoding="utf-8")
        launched.do(f"include @{folder / 'hil.cs'}")
        (folder / "board.repl").write_text(render(facts))
        launched.do(f'mach create "{_MACHINE}"')
        launched.do(f"machine LoadPlatformDescription @{folder / 'board.repl'}")
        launched.do(f"sysbus.cpu PerformanceInMips {facts.mips}")
        launched.do("emulation SetGlobalAdvanceImmediately true")  # no sleeping to match the wall clock: we pace it
        launched.do(f'emulation SetGlobalQuantum "{QUANTUM_S}"')
        self.bench = Bench(folder, self._watch, CALL_TIMEOUT_S)
        self._serve = (
            f'emulation HilServe "{_MACHINE}" "{facts.uart.lower()}" "{self.bench.requests}" "{self.bench.answers}"'
        )
        launched.console.say(self._serve)
        self.bench.core()  # it serves

    @property
    def name(self) -> str:
        """What the record and the self-test call it."""
        return f"Renode {'.'.join(map(str, self.version))}"

    def give_id(self, uid: str) -> None:
        """Make the chip's own id one that no unit with another ``uid`` has."""
        if self.facts.chip_id_bytes:
            self.bench.write(
                self.facts.chip_id_address, hashlib.sha256(uid.encode()).digest()[: self.facts.chip_id_bytes]
            )

    def findings(self) -> Findings:
        """What the log tells so far."""
        return scan(self._launched.log_lines)

    def close(self) -> None:
        """Give back the pipes."""
        self.bench.close()

    def _watch(self) -> None:
        self._launched.watch()
        if complaint := self._launched.console.complaint(self._serve):
            raise NoAnswer("Renode does not serve the board", where=self._serve, found=complaint)


def source(names: Sequence[str], version: tuple[int, int, int]) -> str:
    """Our C# files as one that ``version`` can compile: each compilation takes a second."""
    texts = [(resources.files("harness.renode") / "models" / name).read_text(encoding="utf-8") for name in names]
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("//")]
    usings = dict.fromkeys(line for line in lines if line.startswith("using "))
    whole = "\n".join([*usings, *(line for line in lines if line not in usings)]) + "\n"
    if version < (1, 15, 0):
        whole = whole.replace("(IMachine machine", "(Machine machine").replace("GetRegister(", "GetRegisterUnsafe(")
    return whole


def version_of(text: str) -> tuple[int, int, int]:
    """The three numbers in what ``version`` answers. ``BenchError`` when there are none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise BenchError("Renode does not say its version", found=text[:200])
    return int(found[1]), int(found[2]), int(found[3])
