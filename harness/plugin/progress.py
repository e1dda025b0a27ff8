"""What a person sees while a case runs: a line that is rewritten on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from harness.run.watch import Step, Watch, lines

LAST = pytest.StashKey[tuple[str, Step]]()  # where the case stands that this process runs


@contextmanager
def shown(config: pytest.Config, case_id: str) -> Iterator[Watch]:
    """A watch that shows each step of the case. Silent in an xdist worker, which has no terminal."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        yield lambda step: None
        return
    writer = reporter._tw
    rewritten = reporter.isatty and os.environ.get("TERM") != "dumb"
    capture = config.pluginmanager.get_plugin("capturemanager")

    def show(text: str) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            if rewritten:
                width = writer.fullwidth - 1
                writer.write("\r" + text[:width].ljust(width) + ("" if text else "\r"))
            else:
                reporter.ensure_newline()
                writer.line(text)
            writer.flush()

    tell = lines(case_id, show, every=0.0) if rewritten else lines(case_id, show)

    def watch(step: Step) -> None:
        config.stash[LAST] = (case_id, step)
        tell(step)

    try:
        yield watch
    finally:
        if rewritten and LAST in config.stash:
            show("")
    if LAST in config.stash:
        del config.stash[LAST]  # not after an interruption, which tells where the case stood
