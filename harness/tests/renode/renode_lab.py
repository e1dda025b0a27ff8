"""A Renode for these tests: the double, as an executable file that plays one version."""

import os
import sys
from pathlib import Path

from harness.bench.boards import names
from harness.paths import shipped
from harness.plans import expand, load
from harness.renode.platform import Facts

ROOT = Path(__file__).resolve().parents[3]
BOARD = "nucleo_f446re"
MODEL = "digits_cnn_int8"
VERSIONS = ("1.13.3", "1.15.3", "1.16.1")


def double(folder: Path, version: str, *flags: str) -> Path:
    script = folder / f"renode-{version}"
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    arguments = " ".join(["--as", version, *flags])
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m harness.testing.renode_double {arguments} "$@"\n'
    )
    script.chmod(0o755)
    return script


def digits_case(samples=None, board=BOARD):
    plan = load(shipped("testplans") / "digits.yaml")
    # A shortened run passes no gate with confidence, and these tests are not about how many samples there are.
    plan = plan.model_copy(update={"gates": tuple(g.model_copy(update={"confidence": None}) for g in plan.gates)})
    (case,) = expand(plan, boards=names(), only_boards=[board], samples=samples)
    return case


FACTS = Facts(
    board=BOARD,
    soc="stm32f446re",
    uart="USART2",
    clock_hz=180_000_000,
    flash_origin=0x08000000,
    flash_bytes=0x80000,
    ram_origin=0x20000000,
    ram_bytes=0x20000,
    chip_id_address=0x1FFF7A10,
    chip_id_bytes=12,
)
