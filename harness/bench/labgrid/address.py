"""``labgrid://host:port/?tag=value&...``: a coordinator, and the tags that a place must have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from harness.errors import MisuseError

SCHEME: Final = "labgrid://"
PORT: Final = 20408
_FORM: Final = "labgrid://HOST[:PORT]/[?TAG=VALUE&...]"
#: What labgrid takes for the name of a tag. It looks at the beginning only; we at all of it.
_TAG: Final = re.compile(r"[a-z][a-z0-9_]+")


@dataclass(frozen=True)
class Address:
    """Where the coordinator listens, and the tags that its places must have to be ours to use."""

    host: str
    port: int
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> str:
        """As gRPC and ``LG_COORDINATOR`` have it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """As ``--bench`` has it."""
        query = "&".join(f"{key}={value}" for key, value in self.tags)
        return f"{SCHEME}{self.target}/" + (f"?{query}" if query else "")

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Whether a place with these tags is meant."""
        return all(tags.get(key) == value for key, value in self.tags)


def is_address(text: str) -> bool:
    """Whether it is for us."""
    return text.startswith(SCHEME)


def parse(text: str) -> Address:
    """``MisuseError`` that says what is wrong with it."""
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise _wrong(text, "the port is no number from 1 to 65535") from None
    if parts.scheme != "labgrid" or not parts.hostname:
        raise _wrong(text, "it names no host")
    if parts.username is not None or parts.path not in ("", "/") or parts.fragment:
        raise _wrong(text, "it has a part that a coordinator's address has not")
    if port == 0:
        raise _wrong(text, "the port is no number from 1 to 65535")
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else []
    except ValueError:
        raise _wrong(text, "after the ? there must be TAG=VALUE, joined by &") from None
    for key, value in pairs:
        if _TAG.fullmatch(key) is None or not value:
            raise _wrong(text, f"{key}={value} is no tag of labgrid's")
    if len({key for key, _ in pairs}) < len(pairs):
        raise _wrong(text, "a tag is named twice")
    return Address(parts.hostname, port or PORT, tuple(sorted(pairs)))


def as_tag(text: str) -> str:
    """A name that labgrid takes for a tag, "" where there is none near it."""
    near = re.sub(r"[^a-z0-9_]", "_", text.lower())
    return near if _TAG.fullmatch(near) else ""


def _wrong(text: str, why: str) -> MisuseError:
    return MisuseError(
        "this is no address of a labgrid coordinator",
        expected=_FORM,
        found=f"{text!r}: {why}",
        next_step="--bench takes a bench file, or such an address",
    )
