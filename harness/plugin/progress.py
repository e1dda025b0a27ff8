"""What a person sees while a case runs: a line that is rewritten on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from harness.run.watch import Step, Watch, line

_PLAIN_EVERY = 0.25  # a CI log wants to see that it lives, not each sample


@contextmanager
def shown(config: pytest.Config, case_id: str) -> Iterator[Watch]:
    """A watch that shows each step of the case. Silent in an xdist worker, which has no terminal."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        yield lambda step: None
        return
    writer = reporter._tw
    terminal = reporter.isatty
    capture = config.pluginmanager.get_plugin("capturemanager")

    def show(text: str, *, final: bool) -> None:
        with capture.global_and_fixture_disabled() if capture else _nothing():
            if terminal:
                writer.write("\r" + text[: writer.fullwidth - 1].ljust(writer.fullwidth - 1))
                if final:
                    writer.write("\r" + " " * (writer.fullwidth - 1) + "\r")
            else:
                reporter.ensure_newline()
                writer.line(text)
            writer.flush()

    watch, finish = _throttled(case_id, show, plain=not terminal)
    try:
        yield watch
    finally:
        finish()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _throttled(case_id: str, show: Callable[..., None], *, plain: bool) -> tuple[Watch, Callable[[], None]]:
    last: tuple[str, float] = ("", 0.0)

    def watch(step: Step) -> None:
        nonlocal last
        if plain and step.name == last[0] and step.share - last[1] < _PLAIN_EVERY:
            return
        last = (step.name, step.share)
        show(f"{case_id}: {line(step)}", final=False)

    def finish() -> None:
        if not plain and last[0]:
            show("", final=True)

    return watch, finish
