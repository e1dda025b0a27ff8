"""Who has a port open: real pseudo terminals, real processes."""

import os
import subprocess
import sys

import pytest

from harness.bench import holders

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

OPENS = "import sys; port = open(sys.argv[1], 'rb', buffering=0); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def pair():
    board, host = os.openpty()
    yield os.ttyname(host)
    os.close(board)
    os.close(host)


def opened_by_another(path):
    process = subprocess.Popen(
        [sys.executable, "-c", OPENS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "open\n"
    return process


def test_another_process_is_named_and_we_and_the_boards_end_are_not(pair, tmp_path):
    assert holders.others(pair) == ()
    link = tmp_path / "by-id"
    link.symlink_to(pair)
    with opened_by_another(str(link)) as process:
        (found,) = holders.others(pair)
        assert found.endswith(f"(pid {process.pid})")
        assert holders.others(str(link)) == (found,), "whatever name it is opened by"
        process.stdin.close()
        process.wait()
    assert holders.others(pair) == ()


@pytest.mark.parametrize("port", ["socket://localhost:4000", "exec:cat", "/nowhere", __file__])
def test_what_is_no_device_has_no_holders(port):
    assert holders.others(port) == ()
