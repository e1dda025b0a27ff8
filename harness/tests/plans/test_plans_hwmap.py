"""Twister's hardware map read as a bench file. The maps are as Zephyr's documentation and people's repositories show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import PlanError
from harness.plans import hwmap
from harness.plans.bench import dump_bench, imported, load_bench
from harness.plans.yamltree import parse

BOARDS = ("cy8cproto_062_4343w", "nucleo_f446re", "nucleo_l476rg")
MAP = """\
- connected: true
  id: 066EFF485155878281094633
  platform: nucleo_f446re/stm32f446xx
  product: STM32 STLink
  runner: openocd
  serial: /dev/ttyACM0
  fixtures:
    - fixture_console
    - tcp:192.168.1.100:5000
  notes: left of the window
  flash_timeout: 120
- connected: true
  id: 0312345678
  probe_id: 1234567890
  platform: nucleo_l476rg nucleo_l476rg@B
  product: J-Link
  runner: jlink
  serial: /dev/ttyACM1
  baud: 921600
- connected: false
  id: '0670FF485155878281094634'
  platform: [nucleo_l476rg, nucleo_f446re]
  product: STLINK-V3
  runner: openocd
  serial: /dev/ttyACM2
- connected: true
  id: OSHW000032254e4500128002ab98002784d1000097969900
  platform: unknown
  product: DAPLink CMSIS-DAP
  runner: pyocd
  serial: /dev/cu.usbmodem146114202
- connected: false
  id: 000683759358
  platform: nucleo_f446re
  product: J-Link
  runner: unknown
- connected: true
  id: 66E4
  platform: cy8cproto_062_4343w
  product: KitProg3
  runner: openocd
  serial_pty: script.py
"""


@pytest.fixture
def a_map(tmp_path):
    path = tmp_path / "map.yml"
    path.write_text(MAP)
    return path


def test_a_map_is_a_bench_file_wherever_one_is_taken(a_map):
    units = load_bench(a_map, BOARDS).units
    assert [(unit.board, unit.uid, unit.port) for unit in units] == [
        ("nucleo_f446re", "066EFF485155878281094633", "/dev/ttyACM0"),
        ("nucleo_l476rg", "1234567890", "/dev/ttyACM1"),  # the probe's id goes before the board's
        ("nucleo_l476rg", "0670FF485155878281094634", "/dev/ttyACM2"),
    ]
    assert units[0].tags == ("fixture_console", "tcp:192.168.1.100:5000")
    assert units[0].notes == "left of the window"
    assert [bool(unit.skip) for unit in units] == [False, False, True]


def test_what_is_left_out_and_what_means_nothing_here_is_told(a_map):
    told = imported(a_map, BOARDS).told
    assert any("066EFF485155878281094633" in line and "flash_timeout" in line for line in told)
    assert any("1234567890" in line and "baud 921600" in line for line in told)
    assert any("OSHW0000" in line and "unknown" in line for line in told)
    assert any("000683759358" in line and "no serial port" in line for line in told)
    assert any(line.startswith("66E4:") and "serial_pty" in line for line in told)


def test_the_bench_file_made_of_a_map_reads_back_to_the_same_units(a_map, tmp_path):
    bench = imported(a_map, BOARDS).bench
    (tmp_path / "bench.yaml").write_text(dump_bench(bench, "a map"))
    assert load_bench(tmp_path / "bench.yaml") == bench


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "an empty list"),
        ("- 3\n", "a mapping"),
        ("- {connected: true, id: [1], platform: nucleo_f446re, serial: x}\n", "one value"),
        ("- {connected: true, id: 1, platform: nucleo_f446re, serial: x, fixtures: no}\n", "a list of names"),
        ("- {connected: true, id: unknown, platform: nucleo_f446re, serial: x}\n", "no id"),
        ("- {connected: true, id: '7', platform: frdm_k64f, serial: x}\n", "frdm_k64f"),
    ],
)
def test_a_map_that_gives_no_unit_says_why_and_where(tmp_path, text, words):
    path = tmp_path / "map.yml"
    path.write_text(text)
    with pytest.raises(PlanError) as caught:
        load_bench(path, BOARDS)
    assert words in str(caught.value)
    assert "map.yml" in str(caught.value)
    assert caught.value.next_step


def test_several_entries_of_one_id_are_one_unit_as_they_are_to_twister(tmp_path):
    path = tmp_path / "map.yml"
    line = "- {connected: %s, id: 0123, platform: %s, serial: /dev/ttyACM%d}\n"
    path.write_text(line % ("false", "nucleo_f446re", 0) + line % ("true", "nucleo_f446re", 1)
                    + line % ("true", "nucleo_l476rg", 2))  # fmt: skip
    found = imported(path, BOARDS)
    assert [(unit.uid, unit.port, unit.skip) for unit in found.bench.units] == [("0123", "/dev/ttyACM1", "")]
    assert any("line 3 left out" in one and "line 2" in one for one in found.told)


@pytest.mark.parametrize("word", ["true", "True", "yes", "on", "ON"])
def test_connected_is_what_twisters_yaml_takes_for_true(tmp_path, word):
    path = tmp_path / "map.yml"
    path.write_text(f"- {{connected: {word}, id: 0123, platform: nucleo_f446re, serial: /dev/ttyACM0}}\n")
    assert not load_bench(path, BOARDS).units[0].skip


def test_every_key_of_zephyrs_schema_is_known_and_a_misspelt_one_is_told(tmp_path):
    # scripts/schemas/twister/hwmap-schema.yaml of Zephyr, and what hardwaremap.py reads beside it.
    keys = {
        "available": "true", "connected": "true", "id": "'1'", "notes": "n", "platform": "nucleo_f446re", "probe_id": "'2'",
        "product": "p", "runner": "r", "runner_params": "[a]", "serial_pty": "x", "serial": "/dev/x", "baud": "115200",
        "post_script": "x", "post_flash_script": "x", "pre_script": "x", "fixtures": "[f]", "flash_timeout": "1",
        "flash_with_test": "true", "flash_before": "true", "script_param": "{pre_script_timeout: 1}", "hooks": "[]",
        "west_flash_cmd": "x", "serial_baud": "115200", "fixture": "typo",
    }  # fmt: skip
    path = tmp_path / "map.yml"
    path.write_text("- " + "\n  ".join(f"{key}: {value}" for key, value in keys.items()) + "\n")
    found = imported(path, BOARDS)
    assert (found.bench.units[0].uid, found.bench.units[0].tags) == ("2", ("f",))
    assert [line for line in found.told if "no key" in line] == [
        "2: no key of a hardware map: 'fixture' (did you mean 'fixtures'?)"
    ]


def test_an_id_that_no_probe_has_leaves_its_board_out(tmp_path):
    path = tmp_path / "map.yml"
    path.write_text('- {connected: true, id: "a\\nb", platform: nucleo_f446re, serial: p}\n')
    with pytest.raises(PlanError, match="none that a probe has"):
        load_bench(path, BOARDS)


def test_a_bench_file_is_no_map(tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text("units: []\n")
    with pytest.raises(PlanError, match="no hardware map") as caught:
        imported(path, BOARDS)
    assert (caught.value.where, caught.value.found) == (f"{path}:1", "a mapping")


@given(st.from_regex(r"[0-9A-Fa-f]{1,24}", fullmatch=True))
def test_an_id_comes_as_the_characters_that_stand_there_quoted_or_not(uid):
    for text in (uid, f'"{uid}"'):
        tree = parse(f"- {{connected: true, id: {text}, platform: nucleo_f446re, serial: p}}\n", "map.yml", words=True)
        assert [entry.uid for entry in hwmap.entries(tree, BOARDS)] == [uid]
