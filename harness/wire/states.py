"""What may happen: the states of both roles and the moves between them, as data.

Everything that changes a state goes through ``step``. A move that the table does not list is a mistake of the caller
when the caller makes it (``MisuseError``) and ours when we do (``HarnessBug``); either names role, state and move. What
the peer sends is never a mistake in this sense: a message that does not suit the state is stale and is counted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from harness.errors import HarnessBug, MisuseError
from harness.wire import messages as m


class Role(StrEnum):
    """Who speaks."""

    HOST = "host"
    BOARD = "board"


class State(StrEnum):
    """Where a conversation stands."""

    IDLE = "idle"  # host: nothing was said yet
    GREETING = "greeting"  # host: HELLO_REQUEST is out, by the caller's wish or because the board was reset
    READY = "ready"  # host: in session, samples may travel
    SILENT = "silent"  # host: the board no longer answers
    REFUSED = "refused"  # host: the board will not speak with us, or speaks another language
    DONE = "done"  # host: closed by the caller
    BOOTED = "booted"  # board: no session yet
    SERVING = "serving"  # board: in session


class Move(StrEnum):
    """What changes a state or needs a certain one."""

    SEND_HELLO = "send_hello"
    SEND_SAMPLE = "send_sample"
    SEND_REQUEST = "send_request"  # ping, status, fault, baud: these need no session
    CLOSE = "close"
    HELLO = "hello"
    RESET_SEEN = "reset_seen"
    GAVE_UP = "gave_up"
    REFUSAL = "refusal"
    HELLO_REQUEST = "hello_request"
    SEND_RESULT = "send_result"


_CALLERS: Final = {Move.SEND_HELLO, Move.SEND_SAMPLE, Move.SEND_REQUEST, Move.CLOSE, Move.SEND_RESULT}
_H, _B, _S = Role.HOST, Role.BOARD, State

TRANSITIONS: Final[dict[tuple[Role, State, Move], State]] = {
    (_H, _S.IDLE, Move.SEND_HELLO): _S.GREETING,
    (_H, _S.IDLE, Move.SEND_REQUEST): _S.IDLE,
    (_H, _S.IDLE, Move.CLOSE): _S.DONE,
    (_H, _S.GREETING, Move.SEND_HELLO): _S.GREETING,
    # The board may be reset while the caller hands samples over: they wait for the new session.
    (_H, _S.GREETING, Move.SEND_SAMPLE): _S.GREETING,
    (_H, _S.GREETING, Move.SEND_REQUEST): _S.GREETING,
    (_H, _S.GREETING, Move.HELLO): _S.READY,
    (_H, _S.GREETING, Move.RESET_SEEN): _S.GREETING,
    (_H, _S.GREETING, Move.GAVE_UP): _S.SILENT,
    (_H, _S.GREETING, Move.REFUSAL): _S.REFUSED,
    (_H, _S.GREETING, Move.CLOSE): _S.DONE,
    (_H, _S.READY, Move.SEND_HELLO): _S.GREETING,
    (_H, _S.READY, Move.SEND_SAMPLE): _S.READY,
    (_H, _S.READY, Move.SEND_REQUEST): _S.READY,
    (_H, _S.READY, Move.RESET_SEEN): _S.GREETING,
    (_H, _S.READY, Move.GAVE_UP): _S.SILENT,
    (_H, _S.READY, Move.REFUSAL): _S.REFUSED,
    (_H, _S.READY, Move.CLOSE): _S.DONE,
    (_H, _S.SILENT, Move.SEND_HELLO): _S.GREETING,
    (_H, _S.SILENT, Move.SEND_REQUEST): _S.SILENT,
    (_H, _S.SILENT, Move.CLOSE): _S.DONE,
    (_H, _S.REFUSED, Move.SEND_HELLO): _S.GREETING,
    (_H, _S.REFUSED, Move.SEND_REQUEST): _S.REFUSED,
    (_H, _S.REFUSED, Move.CLOSE): _S.DONE,
    (_H, _S.DONE, Move.CLOSE): _S.DONE,
    (_B, _S.BOOTED, Move.HELLO_REQUEST): _S.SERVING,
    (_B, _S.SERVING, Move.HELLO_REQUEST): _S.SERVING,
    (_B, _S.SERVING, Move.SEND_RESULT): _S.SERVING,
}

_ANY_TIME: Final = frozenset({m.Pong, m.Fault, m.Baud, m.Boot, m.Error, m.Status, m.Log, m.FrontEnd})

#: What a host takes from the board in each state; everything else is stale.
HOST_TAKES: Final[dict[State, frozenset[type[m.Message]]]] = {
    State.IDLE: _ANY_TIME,
    State.GREETING: _ANY_TIME | {m.Hello},
    State.READY: _ANY_TIME | {m.Hello, m.Result, m.Need, m.Damaged, m.Layers, m.LayerData},
    State.SILENT: _ANY_TIME,
    State.REFUSED: _ANY_TIME,
    State.DONE: frozenset(),
}


def step(role: Role, state: State, move: Move) -> State:
    """The state after ``move``."""
    try:
        return TRANSITIONS[role, state, move]
    except KeyError:
        allowed = ", ".join(str(known) for r, s, known in TRANSITIONS if (r, s) == (role, state))
        kind = MisuseError if move in _CALLERS else HarnessBug
        raise kind(
            f"the {role} cannot {move} while {state}",
            where="wire conversation",
            expected=f"one of: {allowed}",
            found=move,
        ) from None
