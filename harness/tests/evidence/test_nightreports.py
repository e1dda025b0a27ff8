"""The summary of a night says what is new first, the rig's faults by unit, and what was not run and why."""

import re

import pytest
from night_pages import awkward, case, eventful, first, night, one_try, rendered

from harness.errors import MisuseError
from harness.evidence import nightrecord, nightreports
from harness.evidence.nightreports import headline, markdown

FORMS = ["html", "markdown"]


def plain(name, found):
    return re.sub(r"<wbr>|\\|&#39;|&#34;", "", rendered(name, found))


def test_every_form_is_found_by_its_name_and_takes_the_place_of_what_any_run_has():
    assert nightreports.names() == FORMS
    assert [nightreports.load(name).FILENAME for name in FORMS] == ["index.html", "summary.md"]


def test_the_headline_counts_what_came_of_the_cases_and_how_many_failures_are_new():
    assert headline(eventful()) == "2 fail (1 new), 1 error, 1 inconclusive, 3 pass, 6 not run"
    assert headline(first()) == "2 pass"
    assert headline(night()) == "nothing was run"


@pytest.mark.parametrize("form", FORMS)
def test_what_is_new_comes_first_then_what_is_known_then_the_rig(form):
    page = plain(form, eventful())
    order = [
        "New failures",
        "Still failing",
        "Not decided for the rig",
        "Not enough evidence",
        "Fixed",
        "Flaky",
        "Units",
        "Not run: broken off",
        "Not run: the night was too short",
        "Not run: no unit",
        "Not run: too much of the rack",
        "Not run: its data",
        "Not run: plans that are wrong",
        "Plans and boards",
    ]
    places = [page.index(title) for title in order]
    assert places == sorted(places)


@pytest.mark.parametrize("form", FORMS)
def test_each_section_names_its_cases_with_why(form):
    page = plain(form, eventful())
    assert re.search(r"New failures(?s:.)*?digits/nucleo_f446re(?s:.)*?accuracy 0.91(?s:.)*?Still failing", page)
    assert re.search(r"Still failing(?s:.)*?mnist/nucleo_f446re", page)
    assert re.search(r"Fixed(?s:.)*?mnist/cy8cproto_062_4343w", page)
    assert re.search(r"Flaky(?s:.)*?smart_lock/nucleo_f446re(?s:.)*?try 2 on left of the window: pass", page)
    assert "before: pass in 20261127T220000Z-4711" in page
    for one in eventful().of_state("left"):
        assert one.why in page


@pytest.mark.parametrize("form", FORMS)
def test_faults_of_the_rig_stand_at_their_units_and_their_moves_beside(form):
    page = plain(form, eventful())
    assert "066EFF485155878281094633" in page
    assert "the probe 066EFF dead is not there any more" in page
    assert re.search(r"quarantined(?s:.)*?3 faults in a row", page)


def test_the_first_try_of_a_flaky_case_is_linked_to_where_it_lies():
    assert 'href="smart_lock/nucleo_f446re/digits_cnn_int8/try1/report.html"' in rendered("html", eventful())


@pytest.mark.parametrize("form", FORMS)
def test_the_figures_of_the_night_are_told(form):
    page = plain(form, eventful()).lower()
    for text in ("7 h of 8 h", "cases with a verdict", "7 of 12", "use of the rack"):
        assert text in page


@pytest.mark.parametrize("form", FORMS)
def test_the_first_night_is_compared_with_nothing_and_calls_nothing_new(form):
    failed = night(case("digits", one_try("fail")))
    assert "1 fail" in plain(form, failed)
    assert "(1 new)" not in plain(form, failed)
    assert re.search("(?i)nothing", plain(form, failed))


def test_a_night_without_all_its_verdicts_never_passes():
    left = case("keywords", lack="budget", why="too short", state="left")
    assert "PASS" in rendered("markdown", first()).splitlines()[0]
    assert "INCONCLUSIVE" in rendered("markdown", night(*first().cases, left)).splitlines()[0]
    spare = left.model_copy(update={"spare": True})
    assert "PASS" in rendered("markdown", night(*first().cases, spare)).splitlines()[0]


def test_what_comes_from_outside_becomes_no_markup():
    page, text = rendered("html", awkward()), rendered("markdown", awkward())
    assert "<script>" not in page
    assert "<b>a_name" not in page
    assert "<i>z" not in page
    assert "\\<script\\>" in text


def test_markdown_fits_a_comment_however_many_cases_there_are():
    many = tuple(case(f"p{i}", one_try("fail", "n1", 3, "w" * 2000)) for i in range(800))
    assert len(rendered("markdown", night(*many)).encode()) <= markdown.MOST_BYTES + 100


def test_a_night_is_read_back_as_it_was_written_and_a_damaged_one_is_refused(tmp_path):
    (tmp_path / "night.json").write_bytes(eventful().render())
    assert nightrecord.read(tmp_path) == eventful()
    (tmp_path / "night.json").write_bytes(eventful().render().replace(b"hil.night/1", b"hil.night/9"))
    with pytest.raises(MisuseError, match="not one that this version reads"):
        nightrecord.read(tmp_path)
    (tmp_path / "night.json").write_text("{")
    with pytest.raises(MisuseError, match="no night that could be gone on with"):
        nightrecord.read(tmp_path)


def test_the_record_tells_how_long_its_commands_ran_without_the_time_between_them():
    assert eventful().wall_s == 7 * 3600


@pytest.mark.parametrize("form", FORMS)
def test_what_a_night_is_compared_with_is_told_without_guessing_why_it_is_nothing(form):
    """Without a history (HIL_DB=off, a server that is away) it need not be the first."""
    assert "ompared with nothing: no earlier night of its cases is known" in plain(form, first())
    assert "ompared with 20261127T220000Z-4711" in plain(form, eventful())


@pytest.mark.parametrize("form", FORMS)
def test_a_move_says_on_which_day_of_the_night_it_was_and_by_which_clock(form):
    page = plain(form, eventful())
    assert "11-28 22:09" in page
    assert "(UTC)" in page


def test_a_budget_of_nothing_is_told_too():
    assert "of 0 s" in rendered("markdown", night(case("digits", lack="budget", state="left"), budget_s=0.0))


@pytest.mark.parametrize("form", FORMS)
def test_a_unit_that_has_spoilt_its_last_cases_does_not_just_look_good(form):
    """Three faults in a row make a unit suspect: a dead one with two is good by its state."""
    unit = nightrecord.NightUnit(uid="n1", title="n1", board="nucleo_f446re")
    spoilt = [case(name, one_try("error", "n1", 3)) for name in ("a", "b")]
    page = plain(form, night(case("z", one_try("pass", "n1", -5)), *spoilt, units=(unit,)))
    assert "good, but its last" in page
    assert "good, but" not in plain(form, night(case("z", one_try("pass", "n1")), units=(unit,)))


def test_the_parts_of_a_message_stay_apart_where_they_come_into_one_line():
    page = plain("markdown", night(case("a", one_try("error", "n1", 3, "no port\n  where:  n1\n  next:   plug it in"))))
    assert "no port; where: n1; next: plug it in" in page
