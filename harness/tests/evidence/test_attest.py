"""What is signed can be read by others, and nothing of it can change unseen."""

import base64
import hashlib
import json
import os
import stat
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("securesystemslib", reason='pip install "hil[sign]"')

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from harness.errors import MisuseError
from harness.evidence.attest import keys, make_keys, private_key, public_key, signed, statement, verified
from harness.evidence.attest.envelope import PAYLOAD_TYPE
from harness.evidence.attest.statement import rendered
from harness.evidence.releasereports import json_
from harness.records import SourceFacts
from harness.tests.verdict.release_runs import COMMIT, NOW, asked, broken, firmware, run
from harness.verdict.release import choose, judge_release

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ELF = b"\x7fELF of the nucleo"


def facts(*runs, extra=""):
    of = asked(extra)
    commit, cells = choose(of, runs, now=NOW)
    return judge_release(of, commit, cells, now=NOW, digests={})


def passing():
    elf = hashlib.sha256(ELF).hexdigest()
    return facts(run(firmware=firmware(elf_sha256=elf)), run("psoc"))


def stated(found, **more):
    return statement(found, json_.render(found), **more)


def attestation(found=None, key=KEY):
    return signed(rendered(stated(found or passing())), key)


GOOD = attestation()


def pae(kind: bytes, body: bytes) -> bytes:
    """The encoding that is signed, from the specification's words (DSSE 1.0.2, protocol.md) and not from a library."""
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])


def test_the_encoding_here_is_the_specifications_own_example():
    assert pae(b"http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_the_signature_is_that_of_the_specification():
    envelope = json.loads(GOOD)
    payload, signature = (base64.b64decode(text) for text in (envelope["payload"], envelope["signatures"][0]["sig"]))
    KEY.public_key().verify(signature, pae(envelope["payloadType"].encode(), payload))
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signature, pae(envelope["payloadType"].encode(), payload + b" "))


def test_in_totos_own_bindings_read_the_statement():
    pytest.importorskip("in_toto_attestation", reason='pip install "hil[dev]"')
    from google.protobuf import json_format
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement

    payload = base64.b64decode(json.loads(attestation(facts(run(**broken()), run("psoc"))))["payload"])
    read = json_format.Parse(payload, statement_pb2.Statement())
    Statement.copy_from_pb(read).validate()
    assert read.predicate_type == "https://in-toto.io/attestation/test-result/v0.1"
    result = json_format.ParseDict(json_format.MessageToDict(read.predicate), test_result_pb2.TestResult())
    assert (result.result, list(result.passed_tests), list(result.failed_tests)) == (
        "FAILED",
        ["kws/psoc/small"],
        ["kws/nucleo/small"],
    )
    for one in result.configuration:
        ResourceDescriptor.copy_from_pb(one).validate()


def test_a_statement_names_each_image_and_model_once_and_the_commit():
    found = stated(passing(), url="https://ci.example.org/7")
    assert [one["name"] for one in found["subject"]] == [
        "kws/nucleo/small.elf",
        "kws/small.tflite",
        "kws/psoc/small.elf",
        "commit",
    ]
    assert found["subject"][0]["digest"] == {"sha256": hashlib.sha256(ELF).hexdigest()}
    assert found["subject"][3]["digest"] == {"gitCommit": COMMIT}
    assert (found["predicate"]["result"], found["predicate"]["url"]) == ("PASSED", "https://ci.example.org/7")
    report = json_.render(passing())
    assert found["predicate"]["configuration"][-1]["digest"] == {"sha256": hashlib.sha256(report).hexdigest()}


def test_what_nobody_knows_is_never_among_what_passed():
    other = run("psoc", source=SourceFacts(commit="b2" * 20, dirty=False), firmware=firmware("psoc"))
    for found in (
        facts(run()),
        facts(run(), run("psoc", evidence="emulated"), extra=""),
        facts(run(age=NOW - NOW), other),
    ):
        predicate = stated(found)["predicate"]
        assert (predicate["result"], predicate["passedTests"], predicate["failedTests"]) == (
            "FAILED",
            ["kws/nucleo/small"],
            ["kws/psoc/small"],
        )
    assert "kws/psoc/small.elf" not in [one["name"] for one in stated(facts(run(age=NOW - NOW), other))["subject"]]
    assert stated(facts()) is None


def test_a_pass_with_a_warning_is_told_as_one():
    given_ = facts(run(firmware=firmware(given=True)), run("psoc"))
    predicate = stated(given_)["predicate"]
    assert (predicate["result"], predicate["warnedTests"]) == ("WARNED", ["kws/nucleo/small"])
    assert verified(attestation(given_), KEY.public_key()).holds


def test_a_good_attestation_holds_and_says_what_it_is_about():
    found = verified(GOOD, KEY.public_key(), [("fw.elf", ELF), ("release.json", json_.render(passing()))])
    assert found.holds
    assert found.result == "PASSED"
    assert found.artifacts == (("fw.elf", "kws/nucleo/small.elf"), ("release.json", "release.json"))
    assert found.annotations["evidence"] == "hardware"


def test_no_byte_of_the_file_can_change_unseen():
    """Each byte, also those that no signature covers: spaces, the key's id, the last bits of base64."""
    public = KEY.public_key()
    unseen = []
    for at in range(len(GOOD)):
        for changed in (bytes([GOOD[at] ^ 1]), GOOD[at : at + 1] + b" "):
            if verified(GOOD[:at] + changed + GOOD[at + 1 :], public).holds:
                unseen.append((at, changed))
    assert not unseen
    assert not verified(GOOD + b"\n", public).holds


def test_no_byte_of_an_artifact_can_change_unseen():
    for at in range(len(ELF)):
        other = ELF[:at] + bytes([ELF[at] ^ 1]) + ELF[at + 1 :]
        found = verified(GOOD, KEY.public_key(), [("fw.elf", other)])
        assert not found.holds
        assert found.problems[0].startswith("fw.elf is not what was tested")
        assert hashlib.sha256(ELF).hexdigest() in found.problems[0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (attestation(key=Ed25519PrivateKey.generate()), "it is not signed by this key"),
        (signed(rendered({"_type": "x", "predicateType": "y"}), KEY), "what is signed is not a test result"),
        (signed(b"[", KEY), "what is signed is no statement"),
        (rendered(stated(passing())), "it is a statement without a signature"),
        (b"{}", "it is no DSSE envelope"),
        (b"[" * 100_000, "it is not readable JSON"),
        (b"\xff", "it is not readable JSON"),
        (json.dumps(json.loads(GOOD)).encode(), "the signature is good, but the file is not written as hil writes it"),
        (attestation(facts(run())), "the release did not pass: FAILED (kws/psoc/small)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_says_why(content, why):
    found = verified(content, KEY.public_key())
    assert not found.holds
    assert why in found.problems[0]


def test_a_type_that_is_swapped_is_refused_also_when_it_is_signed():
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    envelope = Envelope(rendered(stated(passing())), "text/plain", {})
    envelope.sign(CryptoSigner(KEY))
    content = (json.dumps(envelope.to_dict(), indent=1) + "\n").encode()
    assert "it holds 'text/plain'" in verified(content, KEY.public_key()).problems[0]
    swapped = GOOD.replace(PAYLOAD_TYPE.encode(), b"application/vnd.other+json--")
    assert "the signature does not fit" in verified(swapped, KEY.public_key()).problems[0]


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["payload", "payloadType", "signatures", "keyid", "sig"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_the_file_holds_it_is_refused_and_nothing_is_raised(content):
    assert not verified(content, KEY.public_key()).holds


def test_new_keys_are_their_owners_alone_and_are_never_written_over(tmp_path):
    path = tmp_path / "release.pem"
    public = make_keys(path)
    assert public == tmp_path / "release.pub"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"
    content = attestation(key=private_key(path))
    assert verified(content, public_key(public)).holds
    with pytest.raises(MisuseError, match="there is a file of that name"):
        make_keys(path)
    with pytest.raises(MisuseError, match="must not be called"):
        make_keys(tmp_path / "a.pub")


def test_openssls_keys_are_taken(tmp_path):
    secret, public = tmp_path / "a.pem", tmp_path / "a.pub"
    try:
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", secret], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", secret, "-pubout", "-out", public], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no openssl that knows ed25519: {error}")
    assert verified(attestation(key=private_key(secret)), public_key(public)).holds


def pem(key, password=None):
    closed = forms.BestAvailableEncryption(password) if password else forms.NoEncryption()
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, closed)


def test_an_encrypted_key_is_opened_by_its_password(tmp_path, monkeypatch):
    path = tmp_path / "a.pem"
    path.write_bytes(pem(KEY, b"secret"))
    monkeypatch.delenv(keys.PASSWORD, raising=False)
    with pytest.raises(MisuseError, match="the key is encrypted"):
        private_key(path)
    monkeypatch.setenv(keys.PASSWORD, "wrong")
    with pytest.raises(MisuseError, match="no key can be read"):
        private_key(path)
    monkeypatch.setenv(keys.PASSWORD, "secret")
    assert attestation(key=private_key(path)) == GOOD


def test_other_files_are_no_keys(tmp_path):
    path = tmp_path / "a.pem"
    for content, read, why in (
        (b"hello", private_key, "no key can be read"),
        (b"hello", public_key, "no public key can be read"),
        (pem(KEY), public_key, "no public key can be read"),
        (pem(generate_private_key(65537, 1024)), private_key, "this key is of another kind"),
    ):
        path.write_bytes(content)
        with pytest.raises(MisuseError, match=why):
            read(path)
    with pytest.raises(MisuseError, match="the key cannot be read"):
        private_key(tmp_path / "absent.pem")


def test_without_the_packages_the_command_that_installs_them_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(keys, "find_spec", lambda name: None)
    with pytest.raises(MisuseError, match=r'pip install "hil\[sign\]"'):
        private_key(tmp_path / "a.pem")
