"""Every driver of a switch keeps the same contract, reads what the real thing says, ends in time, and shows no password."""

import socket
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread

import pytest
from power_fakes import PASSWORD, UHUBCTL, YKUSHCMD, anything, program, served, shelly_1, shelly_2, tasmota

from harness.bench import power
from harness.bench.power import _http, uhubctl
from harness.bench.power._http import Answer, Device
from harness.doctor import guarded
from harness.errors import BenchError, PlanError
from harness.plans.bench import Bench, BenchUnit, dump_bench, load_bench
from harness.plans.power import DRIVERS
from harness.testing.contracts import check_power_switch
from harness.virtual.debug import registry
from harness.virtual.host.hub import Hub

SECRET = "HIL_TEST_SWITCH"


def switch(**spec):
    """Through a bench file, as everybody has it."""
    return power.switch_of(BenchUnit.model_validate({"board": "b", "uid": "1", "port": "p", "power": spec}).power)


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setenv(SECRET, PASSWORD)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


HTTP = {
    "shelly, first generation": (shelly_1, {"driver": "shelly"}),
    "shelly, later ones": (shelly_2, {"driver": "shelly"}),
    "tasmota": (tasmota, {"driver": "tasmota"}),
    "tasmota with several relays": (partial(tasmota, several=True), {"driver": "tasmota"}),
}


@pytest.mark.parametrize("name", HTTP)
def test_a_switch_in_the_network_keeps_the_contract_and_its_password(name):
    answer, spec = HTTP[name]
    with served(answer) as (host, behind):
        check_power_switch(switch(**spec, host=host, password_env=SECRET), lambda: behind.on, [PASSWORD])


@pytest.mark.parametrize("name", HTTP)
def test_a_missing_or_wrong_password_is_told_and_not_shown(name, monkeypatch):
    answer, spec = HTTP[name]
    with served(answer) as (host, _):
        with pytest.raises(BenchError, match="could not be switched") as caught:
            switch(**spec, host=host).on()
        assert "it asks for a password" in str(caught.value)
        assert "password_env" in str(caught.value)
        monkeypatch.setenv(SECRET, "wrong one")
        with pytest.raises(BenchError) as caught:
            switch(**spec, host=host, password_env=SECRET).on()
        assert f"the password in {SECRET} is not the device's" in str(caught.value)
        assert "wrong" not in str(caught.value)
        monkeypatch.delenv(SECRET)
        with pytest.raises(BenchError, match="could not be switched") as caught:
            switch(**spec, host=host, password_env=SECRET).on()
        assert f"export {SECRET}" in str(caught.value)


def test_an_old_tasmota_refuses_with_status_200():
    with served(partial(tasmota, old=True)) as (host, _), pytest.raises(BenchError, match="switched") as caught:
        switch(driver="tasmota", host=host).off()
    assert "it asks for a password" in str(caught.value)


@pytest.mark.parametrize("name", HTTP)
def test_a_relay_that_does_not_move_is_told(name):
    answer, spec = HTTP[name]
    with served(answer) as (host, behind):
        behind.stuck = True
        with pytest.raises(BenchError, match="could not be switched"):
            switch(**spec, host=host, password_env=SECRET).on()


def test_an_output_that_is_not_there_is_told():
    with served(shelly_2) as (host, _), pytest.raises(BenchError) as caught:
        switch(driver="shelly", host=host, channel=3, password_env=SECRET).on()
    assert "not found!" in str(caught.value)
    with served(tasmota) as (host, _), pytest.raises(BenchError, match="switched"):
        switch(driver="tasmota", host=host, output=2, password_env=SECRET).on()


def home_automation(host, **more):
    return {
        "driver": "http",
        "method": "POST",
        "on": f"http://{host}/api/services/switch/turn_on",
        "on_body": '{"entity_id": "switch.rack"}',
        "off": f"http://{host}/api/services/switch/turn_off",
        "off_body": '{"entity_id": "switch.rack"}',
        "token_env": SECRET,
    } | more


def test_anything_that_takes_requests_keeps_the_contract():
    with served(anything) as (host, behind):
        check_power_switch(switch(**home_automation(host)), lambda: behind.on, [PASSWORD])
        told = {"state": f"http://{host}/api/states/switch.rack", "state_on": '"state": "on"'}
        check_power_switch(switch(**home_automation(host, **told)), lambda: behind.on, [PASSWORD])
        assert {method for method, *_ in behind.seen} == {"GET", "POST"}
        behind.stuck = True
        with pytest.raises(BenchError, match="could not be switched"):
            switch(**home_automation(host, **told)).off()
        with pytest.raises(BenchError) as caught:
            switch(**home_automation(host, method="PUT")).on()
        assert "HTTP 405" in str(caught.value)


def test_a_password_is_sent_nowhere_else():
    with served(anything) as (far, elsewhere):
        with (
            served(lambda *_: (302, {"Location": f"http://{far}/"}, "")) as (host, _),
            pytest.raises(BenchError, match="switched") as caught,
        ):
            switch(**home_automation(host)).on()
        assert "HTTP 302" in str(caught.value)
        assert elsewhere.seen == []


@contextmanager
def trickling():
    """A server that sends a byte now and then, for ever: no time-out of a socket passes."""
    over = Event()

    def trickle(listener):
        client, _ = listener.accept()
        with client, suppress(OSError):  # the client hangs up
            while not over.wait(0.05):
                client.sendall(b"H")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=trickle, args=(listener,))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def test_a_server_that_answers_for_ever_ends_in_time():
    with trickling() as host:
        with pytest.raises(BenchError) as caught:
            Device("a switch", answers_s=0.5).ask(f"http://{host}/")
        assert "no answer within 0.5 s" in str(caught.value)
    with pytest.raises(BenchError, match="switched") as caught:
        switch(driver="shelly", host=host).on()
    assert "refused" in str(caught.value).lower()


@pytest.mark.parametrize("text", ["HTTP/1.1 200 OK\r\n\r\n{", "nonsense\r\n\r\n", ""])
def test_what_is_no_shelly_is_told(text):
    with served(lambda *_: (200, {}, text)) as (host, _), pytest.raises(BenchError, match="switched"):
        switch(driver="shelly", host=host).on()


def test_the_answer_to_a_challenge_is_that_of_the_standard():
    # RFC 7616, 3.9.1
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256,'
        ' nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    header = _http.digest(challenge, "Mufasa", "Circle of Life", method="GET", uri="/dir/index.html", cnonce=cnonce)[
        "Authorization"
    ]
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in header
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in header
    assert _http.digest('Basic realm="x"', "a", "b", method="GET", uri="/") == {}


def test_uhubctl_keeps_the_contract(programs):
    state = program(programs, "uhubctl", UHUBCTL, stuck="")
    one = switch(driver="uhubctl", location="1-1", port=2)
    check_power_switch(one, lambda: state.read_text().split() != [] and "1-1.2" in state.read_text())
    everything = switch(driver="uhubctl", location="1-1")
    check_power_switch(everything, lambda: len(state.read_text().split()) == 8)


def test_uhubctl_says_which_half_of_a_hub_keeps_its_power(programs):
    state = program(programs, "uhubctl", UHUBCTL, stuck="2-1")
    state.write_text("1-1.2 2-1.2")
    with pytest.raises(BenchError, match="switched") as caught:
        switch(driver="uhubctl", location="1-1", port=2).off()
    assert "hub 2-1 port 2 still has power" in str(caught.value)
    assert "USB 2 and USB 3" in str(caught.value)


def test_uhubctl_says_why_it_did_nothing(programs):
    program(programs, "uhubctl", UHUBCTL, stuck="")
    with pytest.raises(BenchError) as caught:
        switch(driver="uhubctl", location="3-7", port=2).off()
    assert "No compatible devices detected at location 3-7!" in str(caught.value)
    program(programs, "uhubctl", "print('Too many hubs!')")
    with pytest.raises(BenchError) as caught:
        switch(driver="uhubctl", location="3-7", port=2).off()
    assert "Too many hubs!" in str(caught.value)


# As people have posted them (github.com/mvp/uhubctl, issues 613, 389, 541, 473, 609).
POSTED = {
    """Current status for hub 2-1.3 [2109:0822 VIA Labs, Inc. USB3.1 Hub, USB 3.20, 4 ports, ppps]
  Port 1: 02a0 power 5gbps Rx.Detect
Sent power off request
New status for hub 2-1.3 [2109:0822 VIA Labs, Inc. USB3.1 Hub, USB 3.20, 4 ports, ppps]
  Port 1: 00a0 off
Current status for hub 1-1.4 [2109:2822 VIA Labs, Inc. USB2.0 Hub, USB 2.10, 4 ports, ppps]
  Port 1: 0000 off
Sent power off request
New status for hub 1-1.4 [2109:2822 VIA Labs, Inc. USB2.0 Hub, USB 2.10, 4 ports, ppps]
  Port 1: 0000 off
""": {("2-1.3", 1): False, ("1-1.4", 1): False},
    """Current status for hub 1 [1d6b:0002 Linux 5.10.92-v7l+ xhci-hcd xHCI Host Controller 0000:01:00.0, USB 2.00, 1 ports, ppps]
  Port 1: 0507 power highspeed suspend enable connect [2109:3431 USB2.0 Hub, USB 2.10, 4 ports, ppps]
""": {("1", 1): True},
    """Current status for hub 3-4 [1a40:0101 USB 2.0 Hub, USB 2.00, 4 ports, ganged]
  Port 1: 0000 off
Sent power on request
New status for hub 3-4 [1a40:0101 USB 2.0 Hub, USB 2.00, 4 ports, ganged]
  Port 1: 0101 power connect []
""": {("3-4", 1): True},
    """There were permission problems while accessing USB.
Follow https://git.io/JIB2Z for a fix!
Current status for hub 2-3.4 [2109:2817 VIA Labs, Inc. USB2.0 Hub, USB 2.10, 4 ports, ppps]
  Port 4: 0107 power suspend enable connect [2357:0604]
Sent power off request
New status for hub 2-3.4 [2109:2817 VIA Labs, Inc. USB2.0 Hub, USB 2.10, 4 ports, ppps]
  Port 4: 0000 off
""": {("2-3.4", 4): False},
    """Current status for hub 2-1.4 [17ef:a357 VIA Labs, Inc. USB3.1 Hub, USB 3.10, 4 ports, ppps]
  Port 4: 02a0 power 5gbps Rx.Detect
Failed to set port status by writing to /sys/bus/usb/devices/2-1.4:1.0/2-1.4-port4/disable (Permission denied).
Follow https://git.io/JIB2Z to make sure that udev is set up correctly.
Falling back to libusb based port control.
Use -S to skip trying the sysfs interface and printing this message.
Sent power off request
New status for hub 2-1.4 [17ef:a357 VIA Labs, Inc. USB3.1 Hub, USB 3.10, 4 ports, ppps]
  Port 4: 00a0 off
""": {("2-1.4", 4): False},
    # Its status has a bit set, so no "off" is said; it has no power (uhubctl.c, print_port_status).
    """New status for hub 1-1 [0424:9514, USB 2.00, 5 ports, ppps]
  Port 2: 0001 connect
""": {("1-1", 2): False},
    "No compatible devices detected!\nRun with -h to get usage info.\n": {},
}


@pytest.mark.parametrize("said", POSTED)
def test_what_uhubctl_says_is_read_as_it_is_meant(said):
    assert uhubctl.states(said) == POSTED[said]


@pytest.mark.parametrize("model", ["ykush", "ykush3", "ykushxs"])
def test_ykush_keeps_the_contract(programs, model):
    state = program(programs, "ykushcmd", YKUSHCMD, model=model)
    port = {} if model == "ykushxs" else {"port": 2}
    number = "1" if model == "ykushxs" else "2"
    one = switch(driver="ykush", model=model, serial="YK21493", **port)
    check_power_switch(one, lambda: number in state.read_text().split())
    if model != "ykushxs":
        check_power_switch(switch(driver="ykush", model=model), lambda: len(state.read_text().split()) == 3)


def test_a_ykush_that_is_not_there_is_told_although_its_program_ends_well(programs):
    program(programs, "ykushcmd", YKUSHCMD, model="ykush")
    absent = switch(driver="ykush", port=1, serial="YK00000")
    for act in (absent.on, absent.off):
        with pytest.raises(BenchError, match="switched") as caught:
            act()
        assert "Unable to open device" in str(caught.value)
        assert "ykushcmd -l" in str(caught.value)
    assert absent.is_on() is None


def test_a_ykushxs_that_is_not_there_is_not_off(programs):
    # ykushxs.cpp takes every answer but "on" for "off", also none; the status is 0.
    program(programs, "ykushcmd", "print('Unable to open device'); print('\\n\\nDownstream port is OFF\\n')")
    assert switch(driver="ykush", model="ykushxs").is_on() is None


def test_what_is_not_allowed_is_not_taken_for_a_missing_password():
    with pytest.raises(BenchError) as caught:
        raise Device("plug").refused(Answer(403, ""), "")
    assert "password" not in str(caught.value)
    assert "SetOption128" in caught.value.next_step


def test_a_virtual_hubs_port_keeps_the_contract():
    with Hub("contract") as hub:
        hub.plug("stm32f446re", "b", "contract-1")
        check_power_switch(
            switch(driver="virtual", hub="contract", port=1), lambda: registry.find("contract-1") is not None
        )
        check_power_switch(switch(driver="virtual", hub="contract"), lambda: registry.find("contract-1") is not None)
    with pytest.raises(BenchError, match="does not answer"):
        switch(driver="virtual", hub="contract", port=1).on()


def test_commands_keep_the_contract(tmp_path):
    mark = tmp_path / "on"
    check_power_switch(switch(on=f"touch {mark}", off=f"rm -f {mark}"), mark.exists)


def test_a_missing_program_is_told_with_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for spec, install in (
        ({"driver": "uhubctl", "location": "1-1", "port": 2}, "apt-get install uhubctl"),
        ({"driver": "ykush", "port": 2}, "build it from"),
    ):
        with pytest.raises(BenchError, match="switched") as caught:
            switch(**spec).off()
        assert install in str(caught.value)
    found = {finding.subject: finding for finding in guarded("power", power.examine)}
    assert {name: (finding.state, finding.needed) for name, finding in found.items()} == {
        "uhubctl": ("missing", False),
        "ykushcmd": ("missing", False),
    }
    program(tmp_path, "uhubctl", "")
    assert {finding.subject: finding.state for finding in power.examine()}["uhubctl"] == "ok"


def test_every_driver_of_the_bench_file_has_its_file_and_the_other_way_round():
    assert set(power.names()) == set(DRIVERS)


SPECS = [
    {"on": "a", "off": "b 'c d'"},
    {"driver": "uhubctl", "location": "1-1.4", "port": 2},
    {"driver": "ykush", "port": 3, "serial": "YK21493", "model": "ykush3"},
    {"driver": "shelly", "host": "10.0.0.7:8080", "channel": 1, "password_env": "LAB_PLUG"},
    {"driver": "tasmota", "host": "plug.lab", "output": 2, "user": "me"},
    {"driver": "http", "on": "http://h/on", "off": "https://h/off?x=1", "method": "PUT", "token_env": "T"},
    {"driver": "virtual", "hub": "rack", "port": 12},
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_bench_file_keeps_a_switch_as_it_is(spec, tmp_path):
    unit = BenchUnit.model_validate({"board": "b", "uid": "1", "port": "p", "power": spec, "hub": spec})
    path = tmp_path / "bench.yaml"
    path.write_text(dump_bench(Bench(units=(unit,)), "kept"))
    assert load_bench(path).units == (unit,)
    assert power.switch_of(unit.power) == power.switch_of(unit.hub)
    assert ("driver:" in path.read_text()) is ("driver" in spec)


@pytest.mark.parametrize(
    "wrong",
    [
        {"driver": "relay", "port": 1},
        {"driver": "uhubctl", "port": 2},
        {"driver": "uhubctl", "location": "-l 1-1; reboot", "port": 2},
        {"driver": "shelly", "host": "user:secret@10.0.0.7"},
        {"driver": "http", "on": "http://user:secret@h/on", "off": "http://h/off"},
        {"driver": "tasmota", "host": "h", "password_env": "not a name"},
        {"driver": "tasmota", "host": "h", "password": "secret"},
    ],
)
def test_a_wrong_switch_is_refused_with_its_line_and_without_its_password(wrong, tmp_path):
    lines = "".join(f"      {key}: {value!r}\n" for key, value in wrong.items())
    path = tmp_path / "bench.yaml"
    path.write_text(f"units:\n  - board: b\n    uid: '1'\n    port: p\n    power:\n{lines}")
    with pytest.raises(PlanError, match=r"bench.yaml:\d+") as caught:
        load_bench(path)
    assert "secret" not in str(caught.value)
