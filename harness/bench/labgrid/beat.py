"""Whose an acquisition is, and when it is left behind.

labgrid's acquisitions never end by themselves. Ours are renewed every ``BEAT_S`` by a tag, and any change of a place is stamped
with the coordinator's own time (``changed``): so the clocks of the hosts do not come into it. One of ours that was not renewed for
``LIMIT_S`` is left behind, and whoever looks frees it. Those of people do not beat, and are never freed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: How often a place that is held is renewed. A connection that broke is mended within one of these.
BEAT_S: Final = 10.0
#: Six beats: a coordinator that waits for an exporter which hangs answers nobody for 10 s at a time.
LIMIT_S: Final = 60.0
#: The tag that is set at each beat. Its value is for people: who, and when by the clock over there.
TAG: Final = "hil_beat"

_USER: Final = re.compile(r"hil\.[A-Za-z0-9_-]+\.[0-9a-f]{8}\.[0-9]+")


@dataclass(frozen=True)
class Acquired:
    """A place that somebody has: ``by`` whom (``host/user``), and when it changed last, by the coordinator's clock."""

    place: str
    by: str
    changed_s: float


def run_name(user: str, run: str) -> str:
    """The user's part of a run's identities, less their numbers. ``run`` has eight hexadecimal digits."""
    name = "hil." + (re.sub(r"[^A-Za-z0-9_-]", "_", user) or "user") + f".{run}"
    assert _USER.fullmatch(name + ".0"), name
    return name


def is_ours(identity: str) -> bool:
    """Whether a worker of some run of ours made it up: no person has such a name."""
    host, _, user = identity.partition("/")
    return bool(host) and _USER.fullmatch(user) is not None


def run_of(identity: str) -> str:
    """The identity of the whole run that this is one worker of; the identity itself for a stranger's."""
    return identity.rpartition(".")[0] if is_ours(identity) else identity


def left_behind(acquired: Iterable[Acquired], now_s: float, limit_s: float = LIMIT_S) -> tuple[Acquired, ...]:
    """Those of ours that nobody renews any more, at the coordinator's time ``now_s``."""
    return tuple(each for each in acquired if is_ours(each.by) and now_s - each.changed_s > limit_s)
