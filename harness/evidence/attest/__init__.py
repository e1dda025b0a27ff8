"""Signed evidence: an in-toto statement of a release, in a DSSE envelope.

statement   what is stated: the digests of firmware and models, and what the tests of them came to
envelope    the statement signed with an ed25519 key, and read back
keys        the key files
verify      whether a signed statement is as it was signed, and about these files
"""

from harness.evidence.attest.envelope import signed
from harness.evidence.attest.keys import make_keys, private_key, public_key
from harness.evidence.attest.statement import statement
from harness.evidence.attest.verify import Verified, verified

__all__ = ["Verified", "make_keys", "private_key", "public_key", "signed", "statement", "verified"]
