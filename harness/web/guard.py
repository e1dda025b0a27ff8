"""Before any page: who may ask, by which name, how much; and what a browser may do with the answer.

A plain ASGI application around the pages: no answer leaves without its headers, also none of an error.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.web import proof
from harness.web.settings import Settings

MOST_BODY_BYTES: Final = 16 << 10
_MOST_TARGET_BYTES: Final = 4 << 10  # of path and query
_TOO_MUCH: Final = "more was sent than a form holds"
_METHODS: Final = ("GET", "POST")
#: Without a login: the login itself, and what its page looks like.
_OPEN: Final = ("/login", "/static/")

#: A page takes its style and its script from the server's own files, and loads, sends and frames nothing beyond it.
PAGES_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: A report is a file that anybody may have written: it may look as it likes, and do nothing. Its frame is read for its height.
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-same-origin"
)
_HEADERS: Final = {
    "Content-Security-Policy": PAGES_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Answers what must not reach the pages, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket: there are none
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, with_headers)
            return
        await self._app(scope, _limited(receive), with_headers)

    def _refused(self, scope: MutableMapping[str, Any]) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._settings.knows(_without_port(host)):
            return _said(
                421, f"this server is not {host[:80]!r}: reach it by an address or name that it was started with"
            )
        if scope["method"] not in _METHODS:
            return _said(405, "only GET and POST", {"Allow": ", ".join(_METHODS)})
        target = scope.get("raw_path", b"") + b"?" + scope.get("query_string", b"")
        if len(target) > _MOST_TARGET_BYTES:
            return _said(414, "the address is too long")
        if any(byte < 0x20 or byte == 0x7F for byte in unquote_to_bytes(target)):
            return _said(400, "the address has control characters")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            return _said(413, _TOO_MUCH)
        if scope["method"] == "POST" and not _from_here(headers, host):
            return _said(403, "a form is taken from this server's own pages alone")
        if not scope["path"].startswith(_OPEN) and not proof.is_logged_in(
            self._settings, headers.get("authorization", ""), headers.get("cookie", "")
        ):
            return _login(scope, headers)
        return None


def _from_here(headers: Headers, host: str) -> bool:
    """Whether a form was sent from a page of ours, as the browser says. One that says nothing is none of today's browsers."""
    if "authorization" in headers and "cookie" not in headers:
        return True  # a program that has the token; no browser adds that header for another site's page
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    # The scheme is not compared: behind a server that ends TLS it is another one there.
    return urlsplit(origin).netloc == host != ""


def _login(scope: Scope, headers: Headers) -> Response:
    if scope["method"] == "POST" or "text/html" not in headers.get("accept", ""):
        return _said(401, "this server wants its token", {"WWW-Authenticate": "Bearer"})
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
    return RedirectResponse(f"/login?next={quote(wanted, safe='')}", status_code=303)


def _limited(receive: Receive) -> Receive:
    """Counts what comes in, also where no length was said."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY_BYTES:
            raise HTTPException(413, _TOO_MUCH)
        return message

    return counted


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]


def _said(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"hil serve: {words}\n", status_code=status, headers=headers)
