"""What the pages say, and what they can be made to do and not to do."""

import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from evidence_runs import make_run
from web_site import BOARDS, PLANS, START, served

from harness.bench import discover, holds
from harness.bench.discover import Attached
from harness.evidence import write_reports
from harness.evidence.history import History
from harness.evidence.history.rows import RunRow
from harness.web import proof, reports
from harness.web.runs import Page
from harness.web.site import address

RUN, LAST, OTHER = "dig000000000", "dig000000003", "dig100000003"
SECRET = "nobody's business"


def send(client, settings, run_id, form, **fields):
    sent = {proof.FORM_FIELD: proof.form_token(settings)} | fields
    return client.post(f"/runs/{run_id}/{form}", data=sent, headers={"origin": str(client.base_url).rstrip("/")})


def links(text):
    return re.findall(r'href="([^"]*)"', text.replace("&amp;", "&"))


def test_the_matrix_has_the_latest_run_of_each_plan_on_each_board(client):
    text = client.get("/").text
    for plan, _ in PLANS:
        assert re.search(rf">{plan.replace('_', '_<wbr>')}<", text)
    for board in BOARDS:
        assert board in text
    assert f'aria-label="pass: digits/{BOARDS[0]}/digits_cnn_int8"' in text
    assert f'aria-label="error: digits/{BOARDS[1]}/digits_cnn_int8"' in text
    assert f'aria-label="fail: keyword_spotting/{BOARDS[0]}/kws_ds_cnn_int8"' in text
    assert f'href="/runs/{LAST}"' in text
    assert len(re.findall(r'<svg class="spark" role="img" aria-label="accuracy of 4 runs, ', text)) == 5


def test_an_empty_history_says_how_to_fill_it(tmp_path, near_settings):
    with History.open(f"sqlite:///{tmp_path}/h.db") as empty, served(empty, near_settings) as url:
        for page, words in {
            "/": "Nothing has run yet",
            "/runs": "Nothing has run yet",
            "/runs?plan=x": "No run is like that",
            "/trends": "Nothing has run",
        }.items():
            answer = httpx.get(url + page)
            assert (answer.status_code, words in answer.text) == (200, True), page


def test_filters_stand_in_the_address_and_in_the_form(client):
    text = client.get("/runs", params={"plan": "digits", "verdict": "error", "text": "L476"}).text
    assert "1 run of this choice" in text
    assert links(text).count(f"/runs/{OTHER}") == 1
    assert "<option selected>digits</option>" in text
    assert "<option selected>error</option>" in text
    assert 'value="L476"' in text


def test_days_are_whole_days_and_the_last_one_counts(client):
    days = {"since": "2026-09-02", "until": "2026-09-03"}
    assert "10 runs of this choice" in client.get("/runs", params=days).text


def test_the_list_is_paged_and_its_pages_keep_the_filters(client, monkeypatch):
    monkeypatch.setattr("harness.web.runs.PAGE", 5)
    first = client.get("/runs", params={"plan": "digits"})
    assert "1 to 5 of 12" in first.text
    (older,) = [link for link in links(first.text) if "page=2" in link]
    second = client.get(older)
    assert "6 to 10 of 12" in second.text
    assert "plan=digits" in older
    third = client.get(next(link for link in links(second.text) if "page=3" in link))
    assert "11 to 12 of 12" in third.text
    assert not [link for link in links(third.text) if "page=4" in link]
    seen = [link for page in (first, second, third) for link in links(page.text) if re.match(r"/runs/dig", link)]
    assert len(seen) == len(set(seen)) == 12


def test_a_page_beyond_the_last_one_says_so_and_counts_nothing_backwards(client):
    text = client.get("/runs", params={"page": 999}).text
    assert "The list ends before this page" in text
    assert not re.search(r"[\d,]+ to [\d,]+ of", text)


def test_one_run_is_told_as_one(tmp_path, near_settings):
    made = make_run()
    with History.open(f"sqlite:///{tmp_path}/h.db") as store, served(store, near_settings) as url:
        store.add(made.record, made.samples, session="s")
        text = httpx.get(f"{url}/trends").text
    assert ">1 run of" in text
    assert "<summary>The last value</summary>" in text


def test_a_filter_of_spaces_is_none():
    assert Page.model_validate({"plan": "  ", "since": ""}).wanted() == Page().wanted()


def test_a_run_leads_to_its_report_its_kind_and_the_run_before(client):
    found = links(client.get(f"/runs/{LAST}").text)
    assert f"/runs/{LAST}/report" in found
    assert "/compare?baseline=dig000000002&candidate=dig000000003" in found
    assert f"/trends?plan=digits&board={BOARDS[0]}&model=digits_cnn_int8" in found


def test_the_report_is_the_one_in_the_folder_while_it_is_there(client, base):
    (folder,) = base.glob("*/digits/*/digits_cnn_int8")
    answer = client.get(f"/runs/{LAST}/report")
    assert answer.content == (folder / "report.html").read_bytes()
    assert client.get(f"/runs/{LAST}/files/record.json").json()["run_id"] == LAST


def test_without_a_folder_the_report_is_made_of_the_history(client):
    answer = client.get(f"/runs/{RUN}/report")
    assert answer.status_code == 200
    assert RUN in answer.text
    assert "Confusion" in answer.text
    assert client.get(f"/runs/{RUN}/files/record.json").json()["run_id"] == RUN
    assert client.get(f"/runs/{RUN}/files/serial.log").status_code == 404


@pytest.mark.parametrize("name", reports.TYPES)
def test_a_report_may_look_as_it_likes_and_do_nothing(name, client):
    answer = client.get(f"/runs/{LAST}/files/{name}")
    if answer.status_code == 404:
        assert name == "serial.log"
        return
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-same-origin" in policy
    assert "allow-scripts" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("html" in answer.headers["content-type"]) == (name == "report.html")


@pytest.mark.parametrize(
    "path",
    [
        "files/../../../history.db",
        "files/..%2f..%2f..%2fhistory.db",
        "files/%2e%2e%2fhistory.db",
        "files/%2fetc%2fpasswd",
        "files/..%5chistory.db",
        "files/history.db",
        "files/journal.jsonl",
        "files/",
        "files/record.json%00.html",
        "files/record.json/",
    ],
)
def test_no_address_leads_out_of_a_runs_folder(path, client):
    for run_id in (RUN, LAST, "..", "%2e%2e", "..%2f.."):
        answer = client.get(f"/runs/{run_id}/{path}")
        assert answer.status_code in (307, 400, 404), path
        assert b"SQLite format 3" not in answer.content


def stored(folder, run_id=LAST):
    """A row of the history that says so of its folder."""
    fields = dict.fromkeys(RunRow.__dataclass_fields__, "")
    return RunRow(**fields | {"run_id": run_id, "folder": str(folder), "tags": (), "notes": ()})


@pytest.fixture
def places(tmp_path):
    """A folder of runs with one in it, and one beside it that is nobody's business."""
    run = make_run(run_id=LAST)
    base = tmp_path / "hil-reports"
    for place in (base / "s" / "case", tmp_path / "outside"):
        write_reports(run.record, run.samples, place)
    (tmp_path / "outside" / "serial.log").write_text(SECRET)
    return base


def test_a_folder_below_the_folder_of_runs_is_taken_however_it_is_named(places):
    for folder in ("s/case", places / "s" / "case", "s/../s/case"):
        assert reports.folder(places, stored(folder)) == places / "s" / "case"


@pytest.mark.parametrize(
    "folder", ["../outside", "s/../../outside", "ABSOLUTE", "link", "s/none", "s", "", "\0", "x" * 5000]
)
def test_a_folder_elsewhere_is_not_taken_whatever_the_history_says(folder, places):
    (places / "link").symlink_to(places.parent / "outside")
    named = str(places.parent / "outside") if folder == "ABSOLUTE" else folder
    assert reports.folder(places, stored(named)) is None
    assert reports.content(places, stored(named), "serial.log") is None


def test_a_link_in_a_folder_leads_nowhere_else(places):
    (places / "s" / "case" / "serial.log").symlink_to(places.parent / "outside" / "serial.log")
    assert reports.content(places, stored("s/case"), "serial.log") is None
    assert reports.content(places, stored("s/case"), "record.json") is not None


def test_the_report_of_another_run_that_took_the_folder_is_not_shown_as_this_ones(places):
    assert reports.folder(places, stored("s/case", run_id="another")) is None


def test_a_note_is_kept_and_shown_as_text(client, near_settings, history):
    words = "<script>alert(1)</script> & more"
    answer = send(client, near_settings, RUN, "note", text=words, by="me\x07")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{RUN}#notes")
    note = history.resolve(RUN)[0].notes[-1]
    assert (note.text, note.by) == (words, "me\\x07")
    text = client.get(f"/runs/{RUN}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001])
def test_a_note_says_something_and_not_too_much(text, client, near_settings, history):
    before = history.resolve(RUN)
    assert send(client, near_settings, RUN, "note", text=text).status_code == 400
    assert history.resolve(RUN) == before


def test_a_tag_is_set_and_moves_only_when_that_is_asked_for(client, near_settings, history):
    assert send(client, near_settings, RUN, "tag", name="candidate-1", by="me").status_code == 303
    held = send(client, near_settings, LAST, "tag", name="candidate-1")
    assert held.status_code == 409
    assert "Tick “move” to move it here" in held.text
    assert history.resolve("candidate-1")[0].run_id == RUN
    assert send(client, near_settings, LAST, "tag", name="candidate-1", move="true").status_code == 303
    (tag,) = [tag for tag in history.tags() if tag.name == "candidate-1"]
    assert tag.run_ids == (LAST,)
    assert [move.run_ids for move in tag.moves] == [(RUN,), (LAST,)]


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "<b>", "x" * 81, "latest", "é"])
def test_what_is_no_name_is_no_tag(name, client, near_settings, history):
    before = history.tags()
    answer = send(client, near_settings, RUN, "tag", name=name)
    assert answer.status_code in (400, 409)
    assert "Tick “move”" not in answer.text
    assert history.tags() == before


def test_an_unknown_run_is_told_and_takes_neither_note_nor_tag(client, near_settings):
    answer = client.get("/runs/nothing%3Cb%3E")
    assert answer.status_code == 404
    assert "The history has no such run" in answer.text
    assert "nothing&lt;b&gt;" in answer.text
    assert send(client, near_settings, "nothing", "note", text="hello").status_code == 404
    assert client.get("/runs/dig0").status_code == 404, "a prefix is no address"


def test_a_store_that_is_damaged_is_no_fault_of_the_page(tmp_path, near_settings):
    path = tmp_path / "h.db"
    with History.open(f"sqlite:///{path}") as lost, served(lost, near_settings) as url:
        with sqlite3.connect(path) as connection:
            connection.execute("ALTER TABLE hil_runs RENAME TO gone")
        connection.close()
        answer = httpx.get(url + "/runs")
    assert answer.status_code == 503
    assert "no such table" in answer.text
    assert "Traceback" not in answer.text


def test_the_trend_has_its_values_its_gate_and_a_table(client):
    text = client.get(f"/trends?plan=digits&board={BOARDS[0]}").text
    assert 'aria-label="accuracy over 4 runs"' in text
    assert "gate &gt;= 95.00 %" in text
    assert f"From 96.44 % on {START.date()}" in text
    assert links(text).count(f"/runs/{LAST}") == 1
    assert "<option selected>accuracy</option>" in text


def test_a_measurement_that_was_never_taken_is_no_fault(client):
    answer = client.get("/trends", params={"metric": "latency_us.p50", "plan": "digits"})
    assert answer.status_code == 200
    assert "No run of that choice has measured it" in answer.text


def test_addresses_escape_what_they_are_made_of():
    assert address("/runs", "a/../b?c#d") == "/runs/a%2F..%2Fb%3Fc%23d"
    assert address("/runs", text="a&b=c", empty="", none=None) == "/runs?text=a%26b%3Dc"
    assert address("/") == "/"


def test_every_template_style_and_script_is_part_of_the_package():
    import harness.web

    folder = Path(harness.web.__file__).parent
    assert {path.name for path in (folder / "_static").iterdir()} == {"hil.js", "icon.svg"}
    assert {path.name.split(".")[0] for path in (folder / "_templates").iterdir()} >= {"site", "matrix", "runs", "run"}


def test_the_bench_says_which_units_take_no_work_and_why(client, monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HIL_USER", "<b>ann")
    units = [Attached(uid, f"port-of-{uid}", "") for uid in ("dead", "mine", "fine")]
    monkeypatch.setattr(discover, "attached", lambda board: units if board.name == BOARDS[0] else ())
    holds.quarantine("dead", reason="it drops <i>bytes")
    holds.hold("mine", reason="soldering")
    rows = re.findall(r"<tr.*?</tr>", client.get("/bench").text, re.DOTALL)
    dead, mine, fine = (next(row for row in rows if f">{uid}<" in row) for uid in ("dead", "mine", "fine"))
    assert "quarantined" in dead
    assert "it drops &lt;i&gt;bytes" in dead
    assert "maintenance" in mine
    assert "&lt;b&gt;ann until " in mine
    assert "free" in fine
    assert "free" not in dead + mine
