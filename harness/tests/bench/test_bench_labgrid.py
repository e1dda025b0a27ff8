"""What is ours about labgrid, without it: addresses, whose an acquisition is, what places say of units, an exporter's file."""

import json
import socket

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.labgrid import beat, export, python, units
from harness.bench.labgrid.address import Address, as_tag, is_address, parse
from harness.bench.labgrid.beat import Acquired
from harness.bench.labgrid.session import Seen, Session
from harness.bench.places import Place
from harness.errors import BenchError, MisuseError

TAGS = st.builds("{}{}".format, st.sampled_from("abz"), st.text("az_09", min_size=1, max_size=8))
TEXT = st.text(max_size=30)


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "host", "port", "tags"),
    [
        ("labgrid://rack", "rack", 20408, ()),
        ("labgrid://10.0.0.1:99/?rack=lab2&kind=f4", "10.0.0.1", 99, (("kind", "f4"), ("rack", "lab2"))),
        ("labgrid://[::1]:20408/", "::1", 20408, ()),
    ],
)
def test_an_address_names_a_coordinator_and_the_tags_of_its_places(text, host, port, tags):
    assert is_address(text)
    assert parse(text) == Address(host, port, tags)
    assert parse(parse(text).url) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "labgrid://", "labgrid://h:0/", "labgrid://h:70000/", "labgrid://h:x/", "labgrid://me@h/", "labgrid://h/place",
        "labgrid://h/?rack", "labgrid://h/?Rack=1", "labgrid://h/?rack=", "labgrid://h/?rack=1&rack=2", "labgrid://h/#x",
        "http://h/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_with_its_form(text):
    with pytest.raises(MisuseError, match="labgrid://HOST") as caught:
        parse(text)
    assert caught.value.next_step


@given(st.dictionaries(TAGS, TAGS), st.dictionaries(TAGS, TAGS))
def test_a_place_is_meant_when_it_has_every_tag_of_the_address(wanted, there):
    address = Address("h", 1, tuple(sorted(wanted.items())))
    assert address.wants({**there, **wanted})
    assert address.wants(there) == (wanted.items() <= there.items())


@given(TEXT)
def test_a_tag_of_ours_becomes_one_of_labgrids_or_none(text):
    made = as_tag(text)
    assert made == "" or parse(f"labgrid://h/?{made}=yes").tags == ((made, "yes"),)


# -- whose an acquisition is, and when it is left behind ---------------------------------------------------------------

RUNS = st.builds(lambda user, run: beat.run_name(user, f"{run:08x}"), TEXT, st.integers(0, 2**32 - 1))
OURS = st.builds(lambda run, n: f"host.lab/{run}.{n}", RUNS, st.integers(0, 999))
PEOPLE = st.builds(lambda host, user: f"{host}/{user}", TEXT, TEXT).filter(lambda name: not beat.is_ours(name))


@given(OURS)
def test_a_workers_name_is_known_as_ours_whoever_the_user_is(identity):
    assert beat.is_ours(identity)
    assert identity.count("/") == 1  # labgrid's client splits it there
    assert identity.startswith(beat.run_of(identity) + ".")


def test_a_run_bears_the_name_that_its_user_has_for_labgrid_else_for_racks(monkeypatch):
    for name in ("LG_HOSTNAME", "LG_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HIL_USER", "ann")
    assert Session(parse("labgrid://h")).identity.startswith(f"{socket.gethostname()}/hil.ann.")
    monkeypatch.setenv("LG_USERNAME", "bob")
    monkeypatch.setenv("LG_HOSTNAME", "desk")
    assert Session(parse("labgrid://h")).identity.startswith("desk/hil.bob.")


@pytest.mark.parametrize(
    "name",
    ["", "desk/bob", "desk/hil", "hil.bob.00000000.0", "desk/hil.bob", "desk/hil.bob.0000000g.1", "/hil.b.00000000.1"],
)
def test_a_persons_name_is_never_taken_for_ours(name):
    assert not beat.is_ours(name)
    assert beat.run_of(name) == name


@given(
    st.lists(st.builds(Acquired, TEXT, st.one_of(OURS, PEOPLE), st.floats(0, 1e9))),
    st.floats(0, 1e9),
    st.floats(0, 1e4),
)
def test_what_is_freed_is_ours_and_was_not_renewed_for_the_limit_and_nothing_else(acquired, now_s, limit_s):
    gone = beat.left_behind(acquired, now_s, limit_s)
    for each in acquired:
        assert (each in gone) == (beat.is_ours(each.by) and now_s - each.changed_s > limit_s)


def test_an_acquisition_outlives_five_beats_that_were_lost():
    renewed = Acquired("p", f"h/{beat.run_name('u', '0' * 8)}.0", 1000.0)
    assert not beat.left_behind([renewed], 1000.0 + 5 * beat.BEAT_S)
    assert beat.left_behind([renewed], 1000.0 + beat.LIMIT_S + 1.0)


# -- what places say of units ------------------------------------------------------------------------------------------


def seen(*resources, tags=None, matches=(("rack1", "u0", "HilUnit", ""),), **changes):
    place = {
        "name": "rack1-u0", "tags": {"board": "nucleo_f446re", "hil_beat": "x"} | (tags or {}), "comment": "", "acquired": "",
        "changed": 1.0, "reserved": "", "matches": [list(match) for match in matches],
    }  # fmt: skip
    return Seen(10.0, ({**place, **changes},), tuple(resources))


def unit(group="u0", avail=True, **params):
    told = {"board": "nucleo_f446re", "uid": "066E", "host": "hil@rack1"} | params
    return {"path": ["rack1", group, "HilUnit", "HilUnit"], "params": told, "avail": avail}


def the_one(found):
    ((place, at),) = units.units(found, Address("h", 1)).items()
    return place, at


def test_a_place_with_its_unit_offered_is_one_that_is_reached_over_ssh():
    place, at = the_one(seen(unit(tags="mic,big-flash", chip="00ff"), tags={"rack": "lab2"}, acquired="desk/bob"))
    assert (place.board, place.uid, place.via, place.name) == ("nucleo_f446re", "066E", "hil@rack1", "rack1-u0")
    assert place.tags == ("mic", "big-flash", "rack=lab2")
    assert (place.chip_id, place.skip, at.by) == ("00ff", "", "desk/bob")
    assert place.fits("nucleo_f446re", "rack1-u0", ["mic", "rack=lab2"])


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (seen(), "no exporter offers"),
        (seen(unit("u1")), "no exporter offers"),
        (seen(unit(), unit("u1"), matches=[("rack1", "*", "*", "")]), "matches 2 units"),
        (seen(unit(uid="")), "does not say: uid"),
        (seen(unit(host="")), "does not say: host"),
        (seen(unit(avail=False)), "not available"),
        (seen(unit(host="rack1;id")), "names what no host or unit is called: rack1;id"),
        (seen(unit(host="-oProxyCommand=id")), "names what no host or unit is called"),
        (seen(unit(uid="--bench=/etc/shadow")), "names what no host or unit is called"),
    ],
)
def test_a_place_that_cannot_be_used_says_why_and_keeps_its_board(found, why):
    place, _ = the_one(found)
    assert why in place.skip
    assert place.board == "nucleo_f446re"
    assert not place.fits("nucleo_f446re")


def test_two_hosts_with_a_unit_of_one_id_are_told_and_only_one_of_them_is_used():
    one, two = seen(unit(host="a")), seen(unit("u1", host="b"), name="rack1-u1", matches=[("rack1", "u1", "*", "")])
    both = Seen(10.0, one.places + two.places, one.resources + two.resources)
    assert [(p.via, bool(p.skip)) for p in units.units(both, Address("h", 1))] == [("a", False), ("b", True)]


def test_places_without_the_addresss_tags_are_not_seen():
    assert units.units(seen(unit(), tags={"rack": "lab1"}), parse("labgrid://h/?rack=lab2")) == {}
    assert len(units.units(seen(unit(), tags={"rack": "lab2"}), parse("labgrid://h/?rack=lab2"))) == 1


def test_a_pattern_with_wildcards_and_a_resources_name_matches_as_labgrids_does():
    for pattern, fits in (
        (("rack*", "u?", "HilUnit", "HilUnit"), True),
        (("rack1", "u0", "*", ""), True),
        (("rack2", "*", "*", ""), False),
        (("*", "*", "*", "other"), False),
    ):
        place, _ = the_one(seen(unit(), matches=[pattern]))
        assert (place.skip == "") == fits, pattern


# -- what an exporter is told ------------------------------------------------------------------------------------------


def as_labgrid_reads(text):
    """Its exporter's file is a template with line statements."""
    made = jinja2.Environment(line_statement_prefix="#", line_comment_prefix="##").from_string(text).render()
    return yaml.safe_load(made)


def test_an_exporters_file_offers_each_unit_with_all_that_a_client_needs():
    places = (
        Place("nucleo_f446re", "066E", "/dev/x", name="left one", tags=("mic", "x"), chip_id="00ff", usb="1-1.4"),
        Place("cy8cproto_062_4343w", "12345", "/dev/y"),
        Place("nucleo_f446re", "gone", "/dev/z", skip="broken"),
    )
    assert as_labgrid_reads(export.exporter_file(places, "hil@rack1")) == {
        "left-one": {
            "HilUnit": {
                "board": "nucleo_f446re", "uid": "066E", "host": "hil@rack1", "tags": "mic,x", "chip": "00ff", "usb": "1-1.4",
            }
        },
        "unit-12345": {"HilUnit": {"board": "cy8cproto_062_4343w", "uid": "12345", "host": "hil@rack1"}},
    }  # fmt: skip


@given(TEXT.filter(bool), TEXT)
def test_no_value_is_taken_for_a_part_of_the_template(uid, usb):
    made = export.exporter_file((Place("b", uid, "p", name="u", usb=usb),), "h")
    told = as_labgrid_reads(made)["u"]["HilUnit"]
    assert told["uid"] == uid
    assert told.get("usb", "") == usb


def test_two_units_of_one_name_are_refused():
    twins = (Place("b", "1", "p", name="a b"), Place("b", "2", "p", name="a-b"))
    with pytest.raises(MisuseError, match="one name"):
        export.exporter_file(twins, "h")


# -- where labgrid is --------------------------------------------------------------------------------------------------


def test_the_environment_that_the_variable_names_is_taken_by_its_folder_its_commands_or_its_python(
    tmp_path, monkeypatch
):
    there = tmp_path / "bin" / "python"
    there.parent.mkdir()
    there.touch()
    for named in (tmp_path, tmp_path / "bin", there):
        monkeypatch.setenv("HIL_LABGRID", str(named))
        assert python.find() == there


def test_a_variable_that_names_nothing_is_told_and_nothing_else_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_LABGRID", str(tmp_path))
    with pytest.raises(BenchError, match="HIL_LABGRID names no environment"):
        python.find()


def test_the_environment_of_a_linked_command_on_the_path_is_taken(tmp_path, monkeypatch):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for name in ("python", "labgrid-client"):
        (tmp_path / "venv" / "bin" / name).touch(mode=0o755)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "labgrid-client").symlink_to(tmp_path / "venv" / "bin" / "labgrid-client")
    monkeypatch.delenv("HIL_LABGRID", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path / "links"))
    assert python.find() == tmp_path / "venv" / "bin" / "python"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="labgrid is not installed") as caught:
        python.find()
    assert "pip install 'labgrid" in json.dumps(caught.value.next_step)
