"""Requests to switches in the local network: bounded as a whole, without proxies and redirects, and no secret in any message."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from harness.bench.power import failed
from harness.errors import BenchError

#: A switch in the same network that has not answered by then will not.
ANSWERS_S: Final = 10.0
_MOST_BYTES = 64 * 1024


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Where a password was sent to is where it goes, and nowhere else."""

    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        return None


@dataclass(frozen=True)
class Answer:
    """``challenge`` is what a 401 asks for."""

    status: int
    text: str
    challenge: str = ""

    def json(self) -> dict[str, Any]:
        """The object that it is; empty for anything else."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Device:
    """One switch. ``title`` is for messages; ``password`` is what is never said in one."""

    title: str
    password: str = ""
    answers_s: float = ANSWERS_S

    def ask(self, url: str, *, method: str = "GET", body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """One request. ``BenchError`` when nobody answers in time; any status is an answer."""
        outcome: list[Answer | Exception] = []
        # A server that sends a byte now and then keeps every time-out of a socket from passing.
        thread = threading.Thread(
            target=lambda: outcome.append(self._ask(url, method, body, headers or {})), daemon=True
        )
        thread.start()
        thread.join(self.answers_s)
        found = outcome[0] if outcome else TimeoutError(f"no answer within {self.answers_s:g} s")
        if isinstance(found, Exception):
            raise self.failed(
                f"{type(found).__name__}: {found}", "is it on, in this network, and at that address?"
            ) from found
        return found

    def failed(self, found: str, next_step: str, expected: str | None = None) -> BenchError:
        """What is wrong, without the password."""
        for secret in filter(None, (self.password, urllib.parse.quote(self.password))):
            found = found.replace(secret, "***")
        return failed(self.title, found, next_step, expected=expected)

    def refused(self, answer: Answer, password_env: str) -> BenchError:
        """What to do about a status that is no answer to the question."""
        if answer.status == 403:
            return self.failed(
                "HTTP 403: it does not allow that",
                "is its control over HTTP switched on (Tasmota: `SetOption128 1`), and may that user or token do it?",
            )
        if answer.status == 401:
            how = f"the password in {password_env} is not the device's" if password_env else "it asks for a password"
            return self.failed(
                f"HTTP {answer.status}: {how}",
                "put the password into an environment variable, and its name into `password_env` of the bench file",
            )
        words = " ".join(answer.text.split())[:200]
        return self.failed(
            f"HTTP {answer.status}: {words or 'no text'}", "is it such a device, and has it that output?"
        )

    def _ask(self, url: str, method: str, body: str, headers: Mapping[str, str]) -> Answer | Exception:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        kind = {"Content-Type": "application/json"} if body.lstrip().startswith("{") else {}
        try:
            request = urllib.request.Request(
                url, data=body.encode() or None, headers={**kind, **headers}, method=method
            )
            with opener.open(request, timeout=self.answers_s) as answer:
                return Answer(answer.status, answer.read(_MOST_BYTES).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                text = error.read(_MOST_BYTES).decode("utf-8", "replace")
            return Answer(error.code, text, error.headers.get("WWW-Authenticate", ""))
        except urllib.error.URLError as error:
            return error.reason if isinstance(error.reason, Exception) else OSError(str(error.reason))
        except Exception as error:  # noqa: BLE001 - whatever a server that speaks no HTTP does to the library
            return error


@dataclass(frozen=True)
class Relay(ABC):
    """A relay of a device in the network, as ``PowerSwitch``: what the drivers of such devices have in common.

    ``output`` is its number as its maker counts. ``password_env`` names the variable that has the password, "" where none is set.
    """

    host: str
    output: int
    user: str
    password_env: str
    maker: ClassVar[str]

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        return f"{self.maker} at {self.host}, relay {self.output}"

    def off(self) -> None:
        """See PowerSwitch."""
        self._switch(on=False)

    def on(self) -> None:
        """See PowerSwitch."""
        self._switch(on=True)

    @abstractmethod
    def is_on(self) -> bool | None:
        """See PowerSwitch."""

    @abstractmethod
    def _switch(self, *, on: bool) -> None:
        """Switch it, and see that it is so. ``BenchError`` as of ``Device.failed`` and ``Device.refused``."""

    def _device(self) -> Device:
        return Device(self.title, secret(self.password_env, self.title))


def secret(variable: str, title: str) -> str:
    """What an environment variable holds; "" for no name. ``BenchError`` when it is not set."""
    if not variable:
        return ""
    found = os.environ.get(variable)
    if not found:
        raise failed(
            title,
            f"environment variable {variable} is not set",
            f"export {variable} in the shell (or unit file) that runs hil",
            expected="the password, as the bench file says where it is",
        )
    return found


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic (RFC 7617)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def digest(
    challenge: str, user: str, password: str, *, method: str, uri: str, cnonce: str | None = None
) -> dict[str, str]:
    """The header of HTTP Digest with SHA-256 and qop ``auth`` (RFC 7616) for a 401's ``challenge``; empty for another one."""
    parts = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
    if not challenge.lower().startswith("digest") or parts.get("algorithm", "").upper() != "SHA-256":
        return {}
    cnonce = cnonce or secrets.token_urlsafe(16)
    first = _sha256(f"{user}:{parts['realm']}:{password}")
    response = _sha256(f"{first}:{parts['nonce']}:00000001:{cnonce}:auth:{_sha256(f'{method}:{uri}')}")
    opaque = f', opaque="{parts["opaque"]}"' if "opaque" in parts else ""
    return {
        "Authorization": f'Digest username="{user}", realm="{parts["realm"]}", uri="{uri}", algorithm=SHA-256,'
        f' nonce="{parts["nonce"]}", nc=00000001, cnonce="{cnonce}", qop=auth, response="{response}"{opaque}'
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
