"""Whether a signed statement is as it was signed, says that a release passed, and is about these files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.disk.documents import parse_json
from harness.evidence.attest.envelope import Altered, opened
from harness.evidence.attest.statement import PASSED, PREDICATE, STATEMENT, WARNED

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


_TESTS = ("passedTests", "warnedTests", "failedTests")


@dataclass(frozen=True)
class Verified:
    """What came of it. ``problems``: why it is refused, a line each; empty: it holds.

    Where the signature is not good there is nothing else: what was read before it was checked would be hearsay.
    """

    problems: tuple[str, ...] = ()
    key_id: str = ""
    result: str = ""
    subjects: tuple[tuple[str, str], ...] = ()  # name, and digest with its algorithm
    passed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    annotations: Mapping[str, object] | None = None
    artifacts: tuple[tuple[str, str], ...] = ()  # each file that was asked about, and what it is

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


def verified(content: bytes, key: Ed25519PublicKey, artifacts: Sequence[tuple[str, bytes]] = ()) -> Verified:
    """``content``: of the attestation's file. ``artifacts``: names and contents of files that it must be about."""
    try:
        payload, key_id = opened(content, key)
        stated = _statement(payload)
    except Altered as wrong:
        return Verified((str(wrong),))
    predicate = stated["predicate"]
    subjects = [(str(one.get("name", "_")), _digest(one)) for one in stated["subject"]]
    problems: list[str] = []
    if predicate["result"] not in (PASSED, WARNED):
        failed = ", ".join(map(str, predicate.get("failedTests", ()))) or "no test is named"
        problems.append(f"the signature is good, but the release did not pass: {predicate['result']} ({failed})")
    documents = [(str(one.get("name", "_")), _digest(one)) for one in predicate["configuration"]]
    found = [(name, _known(file, [*subjects, *documents])) for name, file in artifacts]
    for (name, what), (_, file) in zip(found, artifacts, strict=True):
        if not what:
            digest = hashlib.sha256(file).hexdigest()
            told = "\n".join(f"              {digest} {name}" for name, digest in subjects)
            problems.append(
                f"{name} is not what was tested\n    found:    sha256:{digest}\n    expected one of:\n{told}"
            )
    return Verified(
        problems=tuple(problems),
        key_id=key_id,
        result=str(predicate["result"]),
        subjects=tuple(subjects),
        passed=tuple(map(str, predicate.get("passedTests", ()))),
        warned=tuple(map(str, predicate.get("warnedTests", ()))),
        failed=tuple(map(str, predicate.get("failedTests", ()))),
        annotations=next((one["annotations"] for one in predicate["configuration"] if "annotations" in one), None),
        artifacts=tuple(found),
    )


def _statement(payload: bytes) -> dict[str, Any]:
    """The signed bytes themselves, as plain values. ``Altered`` when they are no statement of ours."""
    try:
        stated = parse_json(payload)
        kind, predicate = stated["_type"], stated["predicateType"]
        fits = (
            (kind, predicate) == (STATEMENT, PREDICATE)
            and isinstance(stated["predicate"]["result"], str)
            and all(isinstance(stated["predicate"].get(name, []), list) for name in _TESTS)
            and all(isinstance(one, dict) for one in (*stated["subject"], *stated["predicate"]["configuration"]))
            and all(one.get("digest") for one in stated["subject"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Altered(f"what is signed is no statement: {error!r}") from error
    if not fits or not stated["subject"]:
        raise Altered(f"what is signed is not a test result ({PREDICATE}) but {predicate!r} in {kind!r}")
    found: dict[str, Any] = stated
    return found


def _digest(one: Mapping[str, Any]) -> str:
    digests = one.get("digest") or {}
    return ", ".join(f"{kind}:{value}" for kind, value in digests.items())


def _known(file: bytes, known: Sequence[tuple[str, str]]) -> str:
    """The name of what has the file's digest; "" for none."""
    digest = f"sha256:{hashlib.sha256(file).hexdigest()}"
    return next((name for name, found in known if digest in found.split(", ")), "")
