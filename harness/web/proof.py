"""What shows that a request is meant: the login's cookie and the token of a form. Both are keyed digests (HMAC-SHA-256)."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Final

from harness.web.settings import Settings

COOKIE: Final = "hil_session"
FORM_FIELD: Final = "form_token"


def cookie(token: str) -> str:
    """What the cookie of somebody who knew ``token`` holds. The token cannot be told from it."""
    return _digest(token.encode(), b"hil serve session")


def form_token(settings: Settings) -> str:
    """What every form of this process carries. A page of another site cannot read it, so cannot send it."""
    return _digest(settings.secret, b"hil serve form")


def is_logged_in(settings: Settings, authorization: str, cookies: str) -> bool:
    """Whether a request has the token: in its ``Authorization: Bearer`` header or through the login's cookie."""
    if settings.token is None:
        return True
    kind, _, given = authorization.partition(" ")
    if kind.casefold() == "bearer" and same(given.strip(), settings.token):
        return True
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return False
    return found is not None and same(found.value, cookie(settings.token))


def same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8"))


def _digest(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()
