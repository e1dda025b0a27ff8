"""Own time: the host's, less what QEMU had to wait for a processor or was stopped."""

import pytest

from harness.qemu.lived import Lived


@pytest.fixture
def proc(tmp_path):
    """A /proc with one process of two threads, and a clock of our own."""

    class Proc:
        now_s = 100.0

        def tell(self, *waited_s, state="S"):
            for number, seconds in enumerate(waited_s):
                folder = tmp_path / "7" / "task" / str(number)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "schedstat").write_text(f"5000000 {round(seconds * 1e9)} 12\n")
            (tmp_path / "7" / "stat").write_text(f"7 (qemu (x) y) {state} 1 2\n")

        def lived(self):
            return Lived(7, wall=lambda: self.now_s, folder=tmp_path)

    proc = Proc()
    proc.tell(1.0, 2.0)
    return proc


def test_it_is_the_hosts_time_while_qemu_gets_its_processor(proc):
    lived = proc.lived()
    proc.now_s += 0.1
    assert lived.step() == pytest.approx(0.1)
    assert lived.step() == 0.0


def test_what_a_thread_waited_for_a_processor_is_not_lived(proc):
    lived = proc.lived()
    proc.now_s += 0.1
    proc.tell(1.03, 2.05)
    assert lived.step() == pytest.approx(0.02)
    proc.now_s += 0.1
    proc.tell(1.1, 2.1)
    assert lived.step() == 0.0  # both at once: no less than nothing


def test_a_stopped_qemu_does_not_live(proc):
    lived = proc.lived()
    proc.now_s += 0.1
    proc.tell(1.0, 2.0, state="T")
    assert lived.step() == 0.0
    proc.now_s += 0.1
    proc.tell(1.0, 2.0)
    assert lived.step() == pytest.approx(0.1)


def test_a_supervisor_that_did_not_look_did_not_live_either(proc):
    lived = proc.lived()
    proc.now_s += 30.0
    assert lived.step() < 1.0


def test_without_such_a_proc_it_is_the_hosts_clock(tmp_path):
    now_s = 5.0
    lived = Lived(7, wall=lambda: now_s, folder=tmp_path / "none")
    now_s += 0.1
    assert lived.step() == pytest.approx(0.1)
