"""The page that compares: what names a run, what names none, and what is made once."""

from dataclasses import replace

import httpx
import pytest
from evidence_runs import make_run
from web_site import BOARDS, served

from harness.evidence import write_reports
from harness.evidence.history import History
from harness.web import compare

ONE, OTHER = "dig000000000", "dig000000003"


@pytest.mark.parametrize("sides", [(ONE, OTHER), ("release-1.4", OTHER), (ONE, "dig000000003"[:11] + "3")])
def test_two_runs_are_compared_whatever_names_them(sides, client):
    asked = dict(zip(("baseline", "candidate"), sides, strict=True))
    page = client.get("/compare", params=asked)
    assert page.status_code == 200
    assert '<strong class="mark pass">' in page.text
    assert "0 lost, 0 gained" in page.text
    report = client.get("/compare/report", params=asked)
    assert "sandbox allow-same-origin" in report.headers["content-security-policy"]
    assert "On the same 450 samples" in report.text
    made = client.get("/compare/report", params=asked | {"form": "json_"}).json()
    assert [made["cases"][0][side]["run_id"] for side in asked] == [ONE, OTHER]
    assert (
        client.get("/compare/report", params=asked | {"form": "markdown"})
        .headers["content-type"]
        .startswith("text/plain")
    )


def test_without_sides_there_is_a_form_and_the_tags(client):
    text = client.get("/compare").text
    assert "release-1.4" in text
    assert '<option value="latest">' in text
    assert "iframe" not in text


@pytest.mark.parametrize("name", ["nothing-like-it", "dig0", "latest2"])
def test_a_name_of_nothing_is_told_with_what_is_near(name, client):
    answer = client.get("/compare", params={"baseline": name, "candidate": OTHER})
    assert answer.status_code == 400
    assert "iframe" not in answer.text
    assert client.get("/compare/report", params={"baseline": name, "candidate": OTHER}).status_code == 404


@pytest.mark.parametrize("path", ["..", "/etc", "a/b", "./x", "record.json", "hil-reports/latest", "C:\\x", "a b", "~"])
def test_no_path_is_a_reference_here(path, client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for asked in ({"baseline": path, "candidate": OTHER}, {"baseline": ONE, "candidate": path}):
        assert client.get("/compare", params=asked).status_code == 400
        assert client.get("/compare/report", params=asked).status_code in (400, 404)


def test_a_folder_of_that_name_beside_the_server_is_not_looked_into(client, tmp_path, monkeypatch):
    run = make_run(run_id=OTHER)
    write_reports(run.record, run.samples, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert client.get("/compare", params={"baseline": ONE, "candidate": "mine"}).status_code == 400


def test_runs_of_other_data_are_refused_with_both_hashes(tmp_path, near_settings):
    first, second = make_run(run_id="aaaa1"), make_run(run_id="bbbb2")
    assert second.record.dataset is not None
    data = second.record.dataset.model_copy(update={"sha256": "0b" * 32})
    assert second.samples.digests is not None
    samples = replace(second.samples, digests=second.samples.digests + 1)
    with History.open(f"sqlite:///{tmp_path}/h.db") as history:
        history.add(first.record, first.samples, session="s1")
        history.add(second.record.model_copy(update={"dataset": data}), samples, session="s2")
        with served(history, near_settings) as url:
            text = httpx.get(url + "/compare", params={"baseline": "aaaa1", "candidate": "bbbb2"}).text
    assert "0b" * 32 in text
    assert first.record.dataset.sha256 in text
    assert "iframe" not in text


def test_page_and_frame_have_one_comparison_made_and_a_tag_that_moves_another(client, history, monkeypatch):
    made = []

    def counted(*references, **more):
        made.append(references)
        return real(*references, **more)

    real = compare.compare_references
    monkeypatch.setattr(compare, "compare_references", counted)
    history.tag("moving", [ONE])
    asked = {"baseline": "moving", "candidate": OTHER}
    for place in ("/compare", "/compare/report", "/compare"):
        assert client.get(place, params=asked).status_code == 200
    assert made == [("moving", OTHER)]
    history.tag("moving", ["dig000000001"], force=True)
    page = client.get("/compare/report", params=asked | {"form": "json_"}).json()
    assert page["cases"][0]["baseline"]["run_id"] == "dig000000001"
    assert len(made) == 2


def test_no_more_than_a_few_comparisons_are_kept(client):
    for night in range(4):
        for board in range(3):
            asked = {"baseline": f"dig{board}0000000{night}", "candidate": f"dig{board}00000003"}
            assert client.get("/compare", params=asked).status_code == 200, BOARDS[board]
    assert len(compare._COMPARISONS._made) == compare._KEPT
