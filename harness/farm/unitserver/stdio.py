"""The unit's server on the standard input and output that sshd gives it. Nothing else may print there."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict

from harness import __version__
from harness.bench import people
from harness.bench.boards import load_board
from harness.bench.places import Place, known
from harness.bench.remote import LINK, MAGIC
from harness.bench.remote.calls import Request, Told
from harness.bench.remote.mux import Ended
from harness.bench.taking import Wish
from harness.bench.unit import Unit, open_unit
from harness.clock import SystemClock
from harness.errors import MisuseError
from harness.farm import recovery
from harness.farm.unitserver.server import Opener, UnitServer


def serve(uid: str, places: Sequence[Place]) -> str:
    """Serve unit ``uid`` to whoever is at the other end, until that end is gone: why it is, "" for a tidy end."""
    read_fd, write_fd = _keep_apart()
    greeting = f"{MAGIC} {LINK} {__version__}\n".encode()
    os.write(write_fd, greeting)
    mine = next((place.uid for place in places if uid in (place.uid, place.name)), uid)
    server = UnitServer(
        read_fd, write_fd, opener(mine, places), uid=mine, leave=lambda: os._exit(1), mend=mender(mine, places)
    )
    return server.run()


def opener(uid: str, places: Sequence[Place]) -> Opener:
    """Opens that unit as a local run of the client's person does."""

    def opened(board: str, wish: Wish) -> AbstractContextManager[Unit]:
        if wish.user:  # this process serves nobody else; a client of before says nothing of itself, and is the account
            os.environ[people.USER] = wish.user
        return open_unit(
            load_board(board),
            backend="probe",
            places=places,
            uid=uid,
            what=wish.what,
            clock=SystemClock(),
            allow_mass_erase=wish.allow_mass_erase,
            wait_s=wish.wait_s,
            care=wish.care,
            tell=wish.tell,
            named=wish.named,
        )

    return opened


def mender(uid: str, places: Sequence[Place]) -> Callable[[Request], Told]:
    """Brings that unit back as ``hil rack recover`` does here, and tells each step. It goes on when the client is gone."""

    def mend(request: Request) -> Told:
        board, asked = load_board(str(request.args["board"])), request.args["ladder"]
        place = next((one for one in known(board, places) if one.uid == uid), None)

        def tell(line: str) -> None:
            with suppress(Ended):
                request.note({"tell": line})

        found = recovery.recover(
            place or Place(board.name, uid, ""),
            board,
            budget_s=min(float(request.args["budget_s"]), recovery.BUDGET_S),
            tell=tell,
            near=places,
            ladder=[rung for rung in recovery.LADDER if rung in asked],
        )
        return {"steps": [asdict(step) for step in found.steps]}

    return mend


def asked_for(environment: Mapping[str, str]) -> str:
    """The unit that an ssh client wants, where ``authorized_keys`` allows it this command alone. ``MisuseError`` for all else."""
    original = environment.get("SSH_ORIGINAL_COMMAND", "")
    try:
        words = shlex.split(original)
    except ValueError:
        words = []
    # Whatever the client's HIL_UNIT_SERVER says stands before: it is not run.
    if len(words) < 2 or words[-2] != "unit-server" or words[-1].startswith("-"):
        raise MisuseError(
            "this key may reach units, and nothing else",
            where="authorized_keys",
            expected="hil unit-server UID",
            found=original or "no command",
            next_step="name the host as `via` of a unit in a bench file, and run hil with that",
        )
    return words[-1]


def looked_at(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The units that such a client only wants to be told of: ``hil unit-server --look UID ...``. None for all else."""
    try:
        words = shlex.split(environment.get("SSH_ORIGINAL_COMMAND", ""))
    except ValueError:
        return ()
    asked = words[words.index("--look") :] if "unit-server" in words and "--look" in words else []
    whole = len(asked) % 2 == 0 and all(word == "--look" for word in asked[::2])
    return tuple(asked[1::2]) if whole else ()


def _keep_apart() -> tuple[int, int]:
    """The stream's descriptors. What prints, prints on standard error from now on; what reads, reads nothing."""
    sys.stdout.flush()
    read_fd, write_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return read_fd, write_fd
