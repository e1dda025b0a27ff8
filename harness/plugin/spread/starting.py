"""A worker that is killed while it is being started: xdist takes that for an error of its own and ends the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xdist.workermanage import NodeManager, WorkerController

_TRIES: Final = 5
#: What execnet raises when the other side is gone before it has said its first words.
_GONE = (EOFError, OSError, AssertionError)


def survive(manager: NodeManager, failed: Callable[[str], None]) -> None:
    """Let ``manager`` start another process in place of one that is gone before it works; ``failed`` is told which."""
    start = manager.setup_node

    def setup_node(spec: Any, *rest: Any) -> WorkerController:
        for left in reversed(range(_TRIES)):
            try:
                return start(spec, *rest)
            except _GONE:
                failed(spec.id)
                if not left:
                    raise
            spec.id = None
            manager.group.allocate_id(spec)
        raise AssertionError

    manager.setup_node = setup_node
