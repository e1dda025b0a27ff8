"""Nothing that depends on the host's speed ends as ``fail``: units that get next to no processor."""

import dataclasses
import os
import signal
import threading

import pytest
from run_cases import digits_case

from harness.plans import Timeouts
from harness.records import Verdict
from harness.virtual.debug import registry

STOPPED_S = 1.2
RUNNING_S = 0.15


class Starved:
    """Lets every virtual unit run for a moment, then stops it for longer than its board may be silent."""

    def __init__(self):
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.stops = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._done.set()
        self._thread.join()

    def _work(self):
        pids: list[int] = []
        while not self._done.wait(RUNNING_S if pids else 0.01):  # a quick host's unit is met before it is through
            pids = [entry.pid for entry in registry.running()]
            for pid in pids:
                self._kill(pid, signal.SIGSTOP)
            self.stops += bool(pids)
            self._done.wait(STOPPED_S)
            for pid in pids:
                self._kill(pid, signal.SIGCONT)

    @staticmethod
    def _kill(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def hurried(case):
    """The same case with a board that may be silent for no longer than half a stop."""
    timeouts = Timeouts(hello_s=0.6, answer_s=0.6, case_s=10.0)
    return dataclasses.replace(case, plan=case.plan.model_copy(update={"timeouts": timeouts}))


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="stops a process")
def test_a_starved_emulator_loses_no_sample_and_the_product_is_not_blamed(run):
    with Starved() as starved:
        record = run(case=hurried(digits_case(200))).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.link.lost == 0
    assert record.link.revived == 0, "it was never silent by its own clock"
    assert starved.stops >= 1  # how many there are is the host's affair
