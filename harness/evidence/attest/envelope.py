"""A statement in its envelope: DSSE 1.0, signed with ed25519 by securesystemslib.

The specification: secure-systems-lab/dsse, protocol.md and envelope.md. What is signed is the type and the bytes of the statement,
never a form of them that would have to be made again.
"""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from harness.disk.documents import parse_json
from harness.evidence.attest.keys import needed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class Altered(Exception):
    """The envelope is not as it was signed. The text says what is wrong."""


def signed(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The file with the envelope: JSON, UTF-8."""
    needed()
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # exported, but not said to be

    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key))
    return _rendered(envelope.to_dict())


def opened(content: bytes, key: Ed25519PublicKey) -> tuple[bytes, str]:
    """The payload, and the key's id, of an envelope that holds a good signature by ``key``.

    ``Altered`` for anything else. Strict: also bytes that no signature covers (spaces, the order of keys, the key's id, other ways
    to write the same base64) must be as ``signed`` wrote them, so that no byte of the file can change unseen.
    """
    needed()
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

    values = _values(content)
    try:
        envelope = Envelope.from_dict(json.loads(content))
        same = _rendered(envelope.to_dict()) == content
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise Altered(f"it is no DSSE envelope: {error!r}") from error
    known = SSlibKey.from_crypto(key)
    signature = envelope.signatures.get(known.keyid)
    if signature is None:
        ids = ", ".join(str(one)[:16] for one in envelope.signatures) or "nobody"
        raise Altered(f"it is not signed by this key ({known.keyid[:16]}), but by {ids}")
    try:
        known.verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError:
        raise Altered("the signature does not fit: the statement, its type or the signature was altered") from None
    if values["payloadType"] != PAYLOAD_TYPE:
        raise Altered(f"it holds {values['payloadType']!r}, not a statement ({PAYLOAD_TYPE})")
    if not same:
        raise Altered(
            "the signature is good, but the file is not written as hil writes it: something changed beside it"
        )
    return envelope.payload, known.keyid


def _values(content: bytes) -> dict[str, Any]:
    try:
        values = parse_json(content)
    except ValueError as error:
        raise Altered(f"it is not readable JSON: {error}") from error
    if isinstance(values, dict) and "_type" in values and "signatures" not in values:
        raise Altered("it is a statement without a signature")
    if not isinstance(values, dict) or not {"payload", "payloadType", "signatures"} <= values.keys():
        raise Altered("it is no DSSE envelope: payload, payloadType and signatures are not all there")
    return values


def _rendered(envelope: dict[str, Any]) -> bytes:
    return (json.dumps(envelope, indent=1) + "\n").encode()
