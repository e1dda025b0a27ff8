import random

import pytest

from harness.errors import MisuseError
from harness.linkbench import peers, realtime, virtual
from harness.linkbench.line import Way
from harness.linkbench.party import Hear, Say, Workload
from harness.linkbench.peers import kenning
from harness.testing.noise import Noise


def workload(n, n_bytes, inference_s=0.0):
    draw = random.Random(5)
    return Workload(tuple(draw.randbytes(n_bytes) for _ in range(n)), inference_s)


def run(name, work, baud=921_600, adapter_s=0.001, error_rate=0.0, pair=virtual.run_pair):
    up = Way(baud, noise=Noise(error_rate, 1))
    down = Way(baud, adapter_s=adapter_s, noise=Noise(error_rate, 2))
    peer = peers.load(name)
    took_s, over = pair(peer.host(work), peer.device(work), up, down)
    return took_s, over, up.n_bytes, down.n_bytes


@pytest.mark.parametrize("name", peers.names())
@pytest.mark.parametrize("n_bytes", [31, 784, 1000])
def test_on_a_clean_line_every_sample_is_read_and_answered_as_meant(name, n_bytes):
    work = workload(3, n_bytes)
    _, over, _, _ = run(name, work)
    assert over
    assert (work.right, work.wrong) == (3, 0)


@pytest.mark.parametrize("name", peers.names())
def test_in_real_time_it_is_the_same_conversation(name):
    virtually, really = workload(2, 100), workload(2, 100)
    _, _, up, down = run(name, virtually)
    _, over, up_real, down_real = run(name, really, pair=realtime.run_pair)
    assert over
    assert (really.right, up_real, down_real) == (2, up, down)


#: Bytes up for one VWW image of 27,648 bytes, counted from the protocols' definitions (field notes, section 2).
@pytest.mark.parametrize(("name", "up_bytes"), [("mlperf", 58_888), ("st", 28_611), ("infineon", 27_648)])
def test_a_large_image_takes_the_bytes_that_the_notes_count(name, up_bytes):
    one, two = workload(1, 27_648), workload(2, 27_648)
    _, _, up_one, _ = run(name, one)
    _, _, up_two, _ = run(name, two)
    assert up_two - up_one == up_bytes


@pytest.mark.parametrize(("name", "turnarounds"), [("mlperf", 894), ("st", 867)])
def test_a_large_image_waits_as_often_as_the_notes_count(name, turnarounds):
    # Behind a 16 ms adapter a turnaround is a tick, whatever else it takes at this speed.
    one, two = workload(1, 27_648), workload(2, 27_648)
    ticks = (run(name, two, adapter_s=0.016)[0] - run(name, one, adapter_s=0.016)[0]) / 0.016
    assert ticks == pytest.approx(turnarounds, rel=0.02)


#: What antmicro/kenning's own message.py (0368d7e7) makes of these: type, flow control, payload, flags of the user's.
KENNINGS = [
    ((0, 0b00, b"", 0x01), ["007a310000000000"]),
    ((0, 0b00, b"", 0x02), ["0079320000000000"]),
    ((4, 0b00, b"", 0x00), ["047f300000000000"]),
    ((5, 0b11, b"\x80\x7f\x01", 0x81), ["c5cab90003000000807f01"]),
    (
        (2, 0b00, bytes(range(128)) + b"abc", 0x00),
        ["02d1180080000000" + bytes(range(128)).hex(), "0202280003000000616263"],
    ),
]


@pytest.mark.parametrize(("said", "messages"), KENNINGS)
def test_kennings_messages_are_its_own_programs(said, messages):
    assert [message.hex() for message in kenning._messages(*said)] == messages


def test_kenning_sends_a_large_image_behind_216_headers_and_asks_three_times():
    one, two = workload(1, 27_648), workload(2, 27_648)
    (_, _, up_one, _), (_, _, up_two, _) = run("kenning", one), run("kenning", two)
    assert up_two - up_one == 27_648 + 8 * (216 + 2)
    ticks = (run("kenning", two, adapter_s=0.016)[0] - run("kenning", one, adapter_s=0.016)[0]) / 0.016
    assert ticks == pytest.approx(27_648 * 10 / 921_600 / 0.016 + 3, abs=2)


def test_nobody_looks_at_kennings_checksum_so_that_damage_is_scored():
    work = workload(50, 784)
    up = Way(921_600, noise=Noise(1e-3, 1, kinds=("flip",)))
    peer = peers.load("kenning")
    virtual.run_pair(peer.host(work), peer.device(work), up, Way(921_600))
    assert work.wrong > 0


def test_the_seeds_protocol_takes_the_time_that_was_published():
    # 1000 images in 302 s, inference included; what the line leaves for inference is about 26 ms.
    work = workload(5, 784, inference_s=0.026)
    took_s, _, _, _ = run("seed", work, baud=115_200)
    assert took_s / 5 == pytest.approx(0.302, rel=0.01)


@pytest.mark.parametrize("name", peers.names())
@pytest.mark.parametrize("error_rate", [1e-4, 1e-3, 1e-2])
def test_damage_is_never_an_exception_and_every_run_ends(name, error_rate):
    work = workload(20, 784)
    run(name, work, error_rate=error_rate)
    assert work.right + work.wrong <= 20


def test_what_nobody_checks_is_scored_as_wrong():
    work = workload(50, 784)
    up = Way(921_600, noise=Noise(1e-3, 1, kinds=("flip",)))
    peer = peers.load("infineon")
    virtual.run_pair(peer.host(work), peer.device(work), up, Way(921_600))
    assert work.wrong > 10


def test_a_pair_that_waits_for_each_other_is_stuck_and_not_for_ever():
    def says_too_little():
        yield Say(b"ab")
        yield Hear(1)

    def wants_more():
        yield Hear(3)

    took_s, over = virtual.run_pair(says_too_little(), wants_more(), Way(115_200), Way(115_200))
    assert not over
    assert took_s < 1


def test_a_host_that_waits_in_vain_gives_up_in_real_time():
    def hears_for_ever():
        yield Hear(1)

    def ends():
        yield Hear(0)

    _, over = realtime.run_pair(hears_for_ever(), ends(), Way(115_200), Way(115_200), stuck_s=0.2)
    assert not over


def test_an_unknown_peer_is_told_the_known_ones():
    with pytest.raises(MisuseError, match="infineon, kenning, mlperf, seed, st"):
        peers.load("kermit")
