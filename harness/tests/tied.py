"""Processes that end with the test that has started them, however that ends: a campaign must leave nobody streaming for nobody.

What they start in turn is theirs to end: that the processes of hil do so when their own is killed is held by tests of its own.
"""

import contextlib
import os
import signal
import subprocess

from harness.offspring import with_parent


@contextlib.contextmanager
def tied(command, **options):
    """A process in a session of its own; killed with its whole group at the block's end, and by the kernel if we are killed."""
    words = [str(word) for word in command]
    # What it does between fork and exec is one system call and one question.
    with subprocess.Popen(words, start_new_session=True, preexec_fn=with_parent(), **options) as process:  # noqa: PLW1509
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # none of them is left
                os.killpg(process.pid, signal.SIGKILL)
