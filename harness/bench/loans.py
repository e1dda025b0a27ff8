"""Units that a scheduler lends to one case of a run, so that the case may spread its samples over them.

With pytest-xdist a worker is a unit. For a case that wants several, the scheduler parks workers of the kind and lends their
units: their reservations stay the controller's, and the case takes the units' own locks. The lender and the case are two
processes of this host; what they agree on is a small file in the runtime folder, under the run's folder and the case's id. A
loan ends when it is given back, or with the process that has lent: a file of a dead lender counts as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.bench.lease import Holder
from harness.disk import files
from harness.disk.folders import runtime_folder


@dataclass(frozen=True)
class _Loan:
    lender: int
    root: str
    case_id: str
    uids: tuple[str, ...]


def lend(root: Path, case_id: str, uids: Sequence[str]) -> None:
    """From now on the case of the run in ``root`` may use these units, beside the one that its worker has. ``OSError``: no disk.

    Called before the case is handed to its worker; a loan of before is replaced. It ends with this process at the latest.
    """
    loan = _Loan(os.getpid(), str(root.resolve()), case_id, tuple(uids))
    files.replace(_path(root, case_id), json.dumps(asdict(loan)).encode())


def lent(root: Path, case_id: str) -> tuple[str, ...]:
    """The ids of the units that are lent to the case; () when nothing is, or its lender is gone."""
    loan = _read(_path(root, case_id))
    if loan is None or (loan.root, loan.case_id) != (str(root.resolve()), case_id):
        return ()
    return loan.uids if _alive(loan) else ()


def give_back(root: Path, case_id: str) -> tuple[str, ...]:
    """The loan is over: the units that it was of. May be called again, by either side; () then."""
    path = _path(root, case_id)
    loan = _read(path)
    path.unlink(missing_ok=True)
    return loan.uids if loan is not None else ()


def sweep() -> None:
    """Remove the loans of lenders that were killed."""
    for path in _folder().glob("*.json"):
        loan = _read(path)
        if loan is None or not _alive(loan):
            path.unlink(missing_ok=True)


def _alive(loan: _Loan) -> bool:
    return Holder(pid=loan.lender, since="", what="").alive


def _read(path: Path) -> _Loan | None:
    try:
        found = json.loads(files.text(path, 1 << 20))
        return _Loan(int(found["lender"]), str(found["root"]), str(found["case_id"]), tuple(map(str, found["uids"])))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _folder() -> Path:
    folder = runtime_folder() / "loans"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _path(root: Path, case_id: str) -> Path:
    # A case's id is no file name, and two runs may have the same case.
    name = hashlib.sha256(f"{root.resolve()}\0{case_id}".encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return _folder() / f"{name}.json"
