"""Who may ask, by which name, how much, and what a browser may do with the answer."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.web import proof
from harness.web.app import PARTS
from harness.web.guard import MOST_BODY_BYTES, _without_port
from harness.web.serve import Where, is_loopback, make_settings
from harness.web.settings import Settings

RUN = "dig000000003"
PAGES = ("/", "/runs", f"/runs/{RUN}", "/compare", "/trends", "/bench", "/live")


def here(client):
    return {"origin": str(client.base_url).rstrip("/")}


@pytest.mark.parametrize("page", [*PAGES, "/nothing", "/runs/nothing", "/static/style.css", "/runs?verdict=nothing"])
def test_no_answer_leaves_without_its_headers(page, client):
    headers = client.get(page).headers
    policy = dict(part.split(maxsplit=1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_from_outside_and_has_nothing_inline(page, client):
    answer = client.get(page)
    assert answer.status_code == 200
    for place in re.findall(r'(?:src|href|action|data-follow)="([^"]*)"', answer.text):
        assert re.match(r"/(?!/)|#", place), place
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?! src=)", answer.text)


@pytest.mark.parametrize("host", ["127.0.0.1:8437", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8437", "127.1.2.3"])
def test_this_host_is_known_by_its_loopback_names(host, client):
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8437", "127.0.0.1.evil.example", "192.0.2.7", "", "localhost.evil", "[::2]"]
)
def test_another_name_for_this_address_is_refused(host, client):
    """A page elsewhere makes its own name lead here (DNS rebinding): then Host has that name."""
    assert client.get("/", headers={"host": host}).status_code == 421


@given(st.text() | st.from_regex(r"\A\[?[0-9a-f.:%]{0,20}\]?(:[0-9]{0,5})?\Z"))
def test_no_host_is_a_fault_and_none_but_loopback_is_known(host):
    known = Settings(Path(), token=None).knows(_without_port(host))
    assert not known or re.match(r"localhost|127\.|\[?[0:]*:(0*1|ffff:127\.)|\[?::ffff:7f", host, re.IGNORECASE)


@pytest.mark.parametrize(("host", "status"), [("hil.example", 200), ("192.0.2.9", 200), ("evil.example", 421)])
def test_bound_elsewhere_it_is_known_by_addresses_and_the_names_it_was_given(host, status, far):
    answer = far.get("/", headers={"host": host, "authorization": "Bearer a token of a lab"})
    assert answer.status_code == status


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_no_token_is_asked_for(host, base):
    assert is_loopback(host)
    assert make_settings(base, Where(host)).token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "bench-3"])
def test_bound_elsewhere_there_is_always_a_token(host, base):
    one, other = make_settings(base, Where(host)).token, make_settings(base, Where(host)).token
    assert len(one) >= 32
    assert one != other
    assert make_settings(base, Where(host), "x" * 16).token == "x" * 16


def test_a_token_that_can_be_guessed_is_refused(base):
    with pytest.raises(MisuseError, match="too short"):
        make_settings(base, Where("0.0.0.0"), "secret")


@pytest.mark.parametrize("page", [*PAGES, f"/runs/{RUN}/report", f"/runs/{RUN}/files/record.json", "/live/x/events"])
def test_nothing_is_shown_without_the_token(page, far):
    to_browser = far.get(page)
    assert to_browser.status_code == 303
    assert to_browser.headers["location"].startswith("/login?next=%2F")
    to_program = far.get(page, headers={"accept": "application/json"})
    assert (to_program.status_code, to_program.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer", "a token of a lab", "Basic a token of a lab", "Bearer \xff"]
)
def test_a_wrong_header_is_no_token(header, far):
    assert far.get("/", headers={"authorization": header.encode("latin-1")}).status_code == 303


def test_a_program_gives_the_token_in_a_header(far):
    assert far.get("/runs", headers={"authorization": "Bearer a token of a lab"}).status_code == 200


def test_a_person_logs_in_and_out(far):
    page = far.get("/login?next=/runs%3Fplan%3Ddigits")
    assert page.status_code == 200
    assert 'value="/runs?plan=digits"' in page.text
    wrong = far.post("/login", data={"token": "a guess"}, headers=here(far))
    assert wrong.status_code == 403
    assert "not the token" in wrong.text
    assert "set-cookie" not in wrong.headers
    right = far.post("/login", data={"token": " a token of a lab ", "next": "/runs?plan=digits"}, headers=here(far))
    assert (right.status_code, right.headers["location"]) == (303, "/runs?plan=digits")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "a token of a lab" not in cookie
    assert far.get("/runs").status_code == 200
    assert far.post("/logout", headers=here(far)).status_code == 303
    assert far.get("/runs").status_code == 303


@pytest.mark.parametrize("cookie", ["x", "", '"', "a token of a lab"])
def test_no_other_cookie_opens_a_page(cookie, far):
    assert far.get("/", headers={"cookie": f"{proof.COOKIE}={cookie}"}).status_code == 303


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nb", "/\u2215x"]
)
def test_a_login_leads_to_no_other_site(wanted, far):
    fields = {"token": "a token of a lab", "next": wanted}
    answer = far.post("/login", data=fields, headers=here(far))
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9"},
        {"origin": "http://127.0.0.1:8437.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(headers, client, history, near_settings):
    before = history.resolve(RUN)
    fields = {proof.FORM_FIELD: proof.form_token(near_settings), "text": "hello"}
    assert client.post(f"/runs/{RUN}/note", data=fields, headers=headers).status_code == 403
    assert history.resolve(RUN) == before


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_its_token_is_refused(token, client, history):
    before = history.resolve(RUN)
    for form_, fields in (("note", {"text": "hello"}), ("tag", {"name": "stolen"})):
        sent = fields if token is None else fields | {proof.FORM_FIELD: token}
        assert client.post(f"/runs/{RUN}/{form_}", data=sent, headers=here(client)).status_code == 403
    assert history.resolve(RUN) == before


def test_the_token_of_a_form_is_of_this_process(base):
    one, other = make_settings(base, Where()), make_settings(base, Where())
    assert proof.form_token(one) != proof.form_token(other)


def test_a_login_at_one_server_is_none_at_another(far, history, base):
    settings = make_settings(base, Where("192.0.2.7"), "another token here")
    assert not proof.is_logged_in(settings, "", f"{proof.COOKIE}={proof.cookie('a token of a lab')}")
    assert proof.is_logged_in(settings, "", f"{proof.COOKIE}={proof.cookie('another token here')}")


def test_more_than_a_form_holds_is_refused_with_and_without_a_length(client):
    fields = {"text": "x" * (MOST_BODY_BYTES + 1)}
    assert client.post(f"/runs/{RUN}/note", data=fields, headers=here(client)).status_code == 413

    def parts():
        yield b"text="
        for _ in range(20):
            yield b"x" * 1024

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(f"/runs/{RUN}/note", content=parts(), headers=here(client) | kind).status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method, client):
    assert client.request(method, "/").status_code == 405


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("/runs?text=" + "x" * 5000, 414),
        ("/runs?text=" + "x" * 201, 400),
        ("/runs?text=a%00b", 400),
        ("/runs?text=a%0ab", 400),
        ("/runs/%00", 400),
        ("/runs/" + "x" * 101, 400),
        ("/runs?page=0", 400),
        ("/runs?page=99999999999999999999", 400),
        ("/runs?since=yesterday", 400),
        ("/runs?verdict=good", 400),
        ("/trends?metric=" + "x" * 201, 400),
    ],
)
def test_an_address_that_cannot_be_is_a_mistake_and_no_fault(place, status, client):
    assert client.get(place).status_code == status


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", "\\", "é", "%25%27"])
def test_a_filter_is_data(text, client):
    answer = client.get("/runs", params={"text": text, "unit": text})
    assert answer.status_code == 200
    assert "No run is like that" in answer.text


def test_nothing_can_be_written_but_notes_and_tags():
    routes = [route for page in PARTS for route in page.router.routes]
    writing = {route.path for route in routes if set(route.methods) - {"GET", "HEAD"}}
    assert writing == {"/login", "/logout", "/runs/{run_id}/note", "/runs/{run_id}/tag"}
