"""Lines of real logs, sorted."""

from hypothesis import given
from hypothesis import strategies as st

from harness.renode.log import LogTail, Stray, scan

WRITE = "10:20:30.4567 [WARNING] sysbus: [cpu: 0x80003CE] WriteDoubleWord to non existing peripheral at 0x70000000, value 0x1."
ABORT = "10:20:30.4567 [ERROR] cpu: CPU abort [PC=0x70000000]: Trying to execute code outside RAM or ROM at 0x70000000."
HARMLESS = [
    "10:20:30.4567 [INFO] dut: No action for reset - macro dut.reset is not registered.",
    "10:20:30.4567 [WARNING] nvic: Unhandled write to offset 0xDFC, value 0x1000000.",
    "10:20:30.4567 [WARNING] gpioa: Unhandled bits: [8-15] when writing register AFSEL.",
    "Monitor available in telnet mode on port 1234",
]


def test_an_access_to_nothing_is_found_with_its_pc():
    assert scan([WRITE]).strays == (Stray(0x70000000, "WriteDoubleWord", 0x80003CE),)
    assert "0x70000000" in scan([WRITE]).strays[0].describe()


def test_an_access_by_the_debugger_has_no_pc():
    line = "10:20:30.4567 [WARNING] sysbus: ReadDoubleWord from non existing peripheral at 0x40026000."
    assert scan([line]).strays == (Stray(0x40026000, "ReadDoubleWord", None),)


def test_an_abort_is_the_end_and_keeps_its_words():
    found = scan([ABORT])
    assert found.aborts == (
        "[ERROR] cpu: CPU abort [PC=0x70000000]: Trying to execute code outside RAM or ROM at 0x70000000.",
    )
    assert not found.others


def test_repeated_lines_are_told_once():
    assert len(scan([WRITE] * 5 + [ABORT] * 3).strays) == 1


def test_what_is_on_record_as_harmless_is_not_found():
    found = scan(HARMLESS)
    assert (found.aborts, found.strays, found.others) == ((), (), ())


@given(st.lists(st.integers(0, 400)), st.lists(st.sampled_from([WRITE, ABORT, *HARMLESS]), max_size=6))
def test_a_growing_file_yields_each_whole_line_once(tmp_path_factory, cuts, lines):
    path = tmp_path_factory.mktemp("log") / "renode.log"
    data = "".join(f"{line}\n" for line in lines).encode()
    tail, seen, at = LogTail(path), [], 0
    for cut in [*sorted(cuts), len(data)]:
        with path.open("ab") as file:
            file.write(data[at:cut])
        at = max(at, cut)
        seen += tail.new_lines()
    assert seen == lines
