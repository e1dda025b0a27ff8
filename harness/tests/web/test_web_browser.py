"""The site as a browser shows it and a person uses it: real clicks, keys, narrow screens, dark and light."""

import re

import pytest
from browsers import BEYOND, FULL, WAIT_MS, launched, shut_out
from run_cases import digits_case
from web_site import BOARDS, TOKEN

from harness.clock import SystemClock
from harness.records import Verdict
from harness.run import underway
from harness.run.watch import Step
from harness.wire.events import LinkCounters, ResultReceived

RENEWED_MS = 3_100  # until a page has renewed what it shows
DAILY = ((1280, "light"), (360, "dark"))
RUN, LAST = "dig000000001", "dig000000003"
PAGES = {
    "matrix": "/",
    "runs": "/runs?plan=digits",
    "run": f"/runs/{LAST}",
    "compare": "/compare",
    "trends": "/trends",
    "bench": "/bench",
    "live": "/live",
    "case": "/live/followed",
    "no such run": "/runs/none",
    "login": "/login",
}


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture
def look(browser, near_site):
    """Opens an address (``stopped``: its clock stands). Nothing may have been complained of, or asked of another server."""
    said, contexts = [], []

    def opened(place, width=1280, scheme="light", site=near_site, status=200, stopped=False):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith((site, "data:")) else said.append(sent.url))
        if stopped:
            page.clock.install()
        answer = page.goto(site + place)
        assert answer.status == status
        if status != 200:
            assert [words for words in said if "the server responded" not in words] == []
            said.clear()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def case():
    """A case that runs as long as the test, in the middle of its stream."""
    clock = SystemClock()
    with underway.told(
        digits_case(), clock, None, run_id="followed", started=clock.now(), backend="virtual"
    ) as telling:
        telling.on_unit("virtual-unit-with-a-rather-long-name-7")
        telling.step(Step("stream"))
        answered = {i: ResultReceived(i, 0, 1, 7, 7, b"") for i in range(120)}
        counters = LinkCounters(bytes_tx=45_210, bytes_rx=9_733, resent=2)
        telling.streaming(450, answered, lambda: (counters, 921_600), len)
        yield telling


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_screen_and_shuts_nobody_out(name, look, case, far_site):
    # The rules of width know nothing of those of colours, and all pages have the same: every day each page is asked once.
    asked = DAILY[[*PAGES].index(name) % 2]
    for width, scheme in (*DAILY, (1280, "dark"), (360, "light")) if FULL else DAILY:
        site = {"site": far_site} if name == "login" else {"status": 404} if name == "no such run" else {}
        page = look(PAGES[name], width, scheme, **site)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(BEYOND) == []
        if FULL or (width, scheme) == asked:
            assert shut_out(page) == []


def test_a_person_goes_from_the_matrix_to_a_run_and_leaves_a_note_and_a_tag(look, history):
    page = look("/")
    page.get_by_role("link", name=f"pass: digits/{BOARDS[0]}/digits_cnn_int8").click()
    page.wait_for_url(f"**/runs/{LAST}")
    page.get_by_role("link", name="all runs of it").click()
    page.locator("main table a").nth(2).click()
    page.wait_for_url(f"**/runs/{RUN}")
    page.get_by_label("Note").fill("looked at\nin a browser")
    page.get_by_role("button", name="Add the note").click()
    page.wait_for_url(f"**/runs/{RUN}#notes")
    assert "looked at" in page.locator("ul.notes").inner_text()
    page.get_by_label("Tag").fill("seen-in-a-browser")
    page.get_by_role("button", name="Set the tag").click()
    page.get_by_text("seen-in-a-browser").wait_for()
    assert history.resolve("seen-in-a-browser")[0].run_id == RUN


def test_filters_are_set_by_hand_and_stand_in_the_address(look):
    page = look("/runs")
    page.get_by_label("Board").select_option(BOARDS[1])
    page.get_by_label("Result").select_option("error")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(rf"board={BOARDS[1]}.*verdict=error"))
    assert page.locator("main tbody tr").count() == 1
    page.get_by_role("link", name="all runs").click()
    page.wait_for_url("**/runs")


def test_every_part_is_reached_by_keys_alone(look):
    page = look("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "it is seen when it is reached"
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Runs"
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs")
    assert page.locator("nav [aria-current=page]").inner_text() == "Runs"


def test_a_report_is_seen_whole_and_grows_when_something_is_unfolded(look):
    page = look(f"/runs/{LAST}")
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="Confusion").wait_for()
    whole = """() => { const f = document.querySelector("iframe"), d = f.contentDocument.documentElement;
        return d.scrollHeight > 1000 && d.scrollHeight <= f.clientHeight }"""
    page.wait_for_function(whole)
    page.evaluate("document.querySelector('iframe').contentDocument.body.append('x '.repeat(50000))")
    page.wait_for_function(whole)


def test_a_report_that_somebody_has_put_scripts_into_runs_none(browser, near_site, base):
    (path,) = base.glob("*/digits/*/digits_cnn_int8/report.html")
    before = path.read_bytes()
    evil = b"<script>parent.document.title='stolen'</script><img src=http://192.0.2.1/x onerror=parent.stolen=1><p id=there>x"
    try:
        path.write_bytes(before + evil)
        page = browser.new_context().new_page()
        asked = []
        page.on("requestfinished", lambda sent: asked.append(sent.url))
        for place in (f"/runs/{LAST}", f"/runs/{LAST}/report"):
            page.goto(near_site + place)
            within = page.frame_locator("iframe") if place.endswith(LAST) else page
            within.locator("#there").wait_for(state="attached")
            assert page.title() != "stolen"
            assert page.evaluate("window.stolen") is None
        assert all(url.startswith((near_site, "data:")) for url in asked)
    finally:
        path.write_bytes(before)


def test_a_token_is_typed_once_and_the_wanted_page_comes(look, far_site):
    page = look("/runs?plan=digits", site=far_site)
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?plan=digits")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto(far_site + "/runs")
    page.wait_for_url("**/login?next=*")


def test_what_runs_is_seen_to_begin_and_to_end_without_loading_the_page_anew(look):
    page = look("/live", stopped=True)
    assert "Nothing runs" in page.inner_text("main")
    clock = SystemClock()
    with underway.told(digits_case(), clock, None, run_id="begun", started=clock.now(), backend="virtual") as telling:
        telling.step(Step("build"))
        page.clock.run_for(RENEWED_MS)
        page.get_by_role("cell", name="build").wait_for()
    page.clock.run_for(RENEWED_MS)
    page.get_by_role("heading", name="Ended lately").wait_for()


def test_a_live_case_moves_by_itself_and_ends_with_the_way_to_its_report(look, case):
    page = look("/live")
    page.get_by_role("link", name="digits/").click()
    page.wait_for_url("**/live/followed")
    assert page.locator("[data-live=answered]").inner_text() == "120 of 450"
    assert page.locator("[data-live=accuracy]").inner_text() == "100.00 %"
    assert not page.get_by_text("To its report").is_visible()
    for index in range(120, 450):
        case.answer(index, ResultReceived(index, 0, 1, 7, 7, b""))
    case.end(Verdict.PASS)
    page.get_by_text("To its report").wait_for()
    assert page.locator("[data-live=answered]").inner_text() == "450 of 450"
    assert page.locator("[data-live=step]").inner_text().lower() == "ended"
    assert page.evaluate("document.querySelector('progress').value") == 1
