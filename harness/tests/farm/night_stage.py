"""Nights over units that are nothing but their locks and states, with cases that do what a script says."""

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from harness.evidence import runrecord
from harness.evidence.reports import json_
from harness.farm.nightly import night as whole_night
from harness.farm.nightly.night import Wishes
from harness.plans.bench import Bench, BenchUnit, dump_bench
from harness.records import Record, Verdict

PROGRAM = Path(__file__).parent / "scripted_hil.py"
NUCLEO, PSOC = "nucleo_f446re", "cy8cproto_062_4343w"
MODEL = "digits_cnn_int8"
PLAN = (
    "name: {name}\nboards: [nucleo_f446re, cy8cproto_062_4343w]\nmodels: [digits_cnn_int8]\ndataset: digits\n"
    "gates: [accuracy >= 0.9]\n"
)


def record_text() -> str:
    now = datetime.now(UTC)
    one = Record(
        run_id="@RUN_ID@", case_id="@CASE_ID@", started=now, finished=now, verdict=Verdict.PASS, reasons=("as the script says",),
        plan="@PLAN@", board="@BOARD@", model="@MODEL@", unit=None, backend="virtual", evidence="emulated", firmware=None,
        dataset=None, reference=None, link=None,
    )  # fmt: skip
    return json_.render(one, None, None).decode().replace('"verdict": "pass"', '"verdict": "@VERDICT@"')


class Stage:
    """A project in ``folder`` with some plans, a rack plan, a rack of units of two kinds, and a history."""

    def __init__(self, folder: Path, *, plans=("a", "b"), units=None, rack="run: [all]\n", gate=False, **cases):
        self.folder = folder
        (folder / "testplans" / "racks").mkdir(parents=True)
        for name in plans:
            (folder / "testplans" / f"{name}.yaml").write_text(PLAN.format(name=name))
        self.file = folder / "testplans" / "racks" / "night.yaml"
        self.file.write_text(f"name: night\n{rack}")
        self.bench = folder / "bench.yaml"
        units = {"n1": NUCLEO, "n2": NUCLEO, "p1": PSOC, "p2": PSOC} if units is None else units
        if units:
            lines = tuple(BenchUnit(board=board, uid=uid, port=f"/dev/{uid}") for uid, board in units.items())
            self.bench.write_text(dump_bench(Bench(units=lines), "a rack"))
        self.has_units = bool(units)
        self.starts_file = folder / "starts.log"
        self.gate = folder / "gate"
        self.script = folder / "script.json"
        self.write(gate=gate, **cases)
        self.said: list[str] = []
        self.root = Path()
        self.number = 0

    def write(self, *, gate=False, **cases):
        """What cases do, by ``a_nucleo`` for the plan a on that board; ``others`` for the rest."""
        kinds = {"nucleo": NUCLEO, "psoc": PSOC}
        named = {"others": "*"}
        told = {
            named.get(name) or f"{name.split('_')[0]}/{kinds[name.split('_')[1]]}/{MODEL}": [does]
            if isinstance(does, str)
            else does
            for name, does in cases.items()
        }
        self.script.write_text(
            json.dumps(
                {"cases": told, "record": record_text(), "starts": str(self.starts_file)}
                | ({"gate": str(self.gate)} if gate else {})
            )
        )

    @property
    def program(self):
        return (sys.executable, "-S", "-E", str(PROGRAM), str(self.script))

    def command(self, *words):
        self.number += 1
        return runrecord.command(["hil", "nightly", *words], process=self.number, started=datetime.now(UTC))

    def run(self, **wishes):
        """A night from its begin; ``history=True`` keeps it, which takes longer than all the rest."""
        command = self.command("night")
        wishes = Wishes(**{"history": False} | ({"bench": str(self.bench)} if self.has_units else {}) | wishes)
        self.root, night = whole_night.planned(self.file, None, command, wishes)
        return self.go(night, command, wishes)

    def resume(self, **wishes):
        command, wishes = self.command("--resume", str(self.root)), Wishes(**{"history": False} | wishes)
        return self.go(whole_night.resumed(self.root, None, command, wishes), command, wishes)

    def go(self, night, command, wishes):
        return whole_night.run(self.root, night, command, wishes, tell=self.said.append, program=self.program)

    @property
    def night(self):
        from harness.evidence import nightrecord

        return nightrecord.read(self.root)

    def case(self, name):
        plan, kind = name.split("_")
        found = f"{plan}/{ {'nucleo': NUCLEO, 'psoc': PSOC}[kind] }/{MODEL}"
        return next(case for case in self.night.cases if case.id == found)

    def starts(self):
        """Of each call: case or "check", unit."""
        lines = self.starts_file.read_text().splitlines() if self.starts_file.exists() else []
        return [(line.split()[1], line.split()[2]) for line in lines]

    def ready(self):
        """The cases that hang or are stubborn by now, and not only begun."""
        file = self.starts_file.with_suffix(".ready")
        return file.read_text().splitlines() if file.exists() else []

    def runs(self):
        """How often each case was started."""
        return Counter(case for case, _ in self.starts() if case != "check")
