"""`hil gate` and `hil verify` as a team's CI types them: a release that lacks something, then one that lacks nothing."""

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("securesystemslib", reason='pip install "hil[sign]"')

from harness.cli import main
from harness.evidence.reports import json_
from harness.tests.verdict.release_runs import PLAN, broken, firmware, run

jsonschema = pytest.importorskip("jsonschema", reason='pip install "hil[dev]"')

ELF = b"\x7fELF of the nucleo"


@pytest.fixture
def says(capsys, monkeypatch, tmp_path):
    """Run a command in the project's folder; (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments)])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return command


@pytest.fixture
def project(tmp_path):
    """A project with a plan on two boards, and a release of both."""
    (tmp_path / "testplans" / "releases").mkdir(parents=True)
    (tmp_path / "testplans" / "kws.yaml").write_text(PLAN)
    (tmp_path / "testplans" / "kws_far.yaml").write_text(PLAN.replace("name: kws", "name: kws_far"))
    (tmp_path / "testplans" / "releases" / "1.5.yaml").write_text(
        'name: "1.5"\ntitle: The keyword spotter\nfresh: 7d\nplans: [kws, {plan: ../kws_far.yaml, boards: nucleo}]\n'
    )
    (tmp_path / "fw.elf").write_bytes(ELF)
    return tmp_path


def kept(project, board, *, plan="kws", ago=timedelta(hours=1), **changed):
    """The folder that a run has left."""
    record = run(
        board,
        firmware=firmware(board, elf_sha256=hashlib.sha256(ELF + board.encode() * (board != "nucleo")).hexdigest()),
    ).record
    finished = datetime.now(UTC) - ago
    name = f"{plan}-{board}-{int(ago.total_seconds())}"
    update = {
        "plan": plan,
        "case_id": f"{plan}/{board}/small",
        "run_id": name,
        "started": finished,
        "finished": finished,
    }
    folder = project / "hil-reports" / name
    folder.mkdir(parents=True)
    (folder / "record.json").write_bytes(json_.render(record.model_copy(update=update | changed), None, None))
    return folder


GATE = ("gate", "testplans/releases/1.5.yaml")


def test_a_release_that_lacks_three_things_names_each_and_does_not_pass(says, project):
    says("gate", "keygen", "release.pem")
    kept(project, "psoc", evidence="emulated", backend="virtual")
    kept(project, "nucleo", plan="kws_far", ago=timedelta(days=9))
    status, out, _ = says(*GATE, "--sign", "release.pem")
    assert status == 4
    assert out.startswith("INCONCLUSIVE  release 1.5  1 inconclusive, 1 stale, 1 missing")
    told = " ".join(out.split())
    for cell, why in (
        ("kws/nucleo/small: missing", "it was never run"),
        ("kws/psoc/small: inconclusive", "only emulated: the release needs hardware"),
        ("kws_far/nucleo/small: stale", "is 9.0 d old; the release takes 7d at most"),
    ):
        assert cell in told
        assert why in told
    attestation = "hil-reports/releases/1.5/attestation.json"
    status, out, _ = says("verify", attestation, "--key", "release.pub")
    assert (status, "the release did not pass: FAILED" in out) == (1, True)


def test_a_complete_release_passes_is_signed_and_verified_and_no_byte_of_it_may_change(says, project):
    says("gate", "keygen", "release.pem")
    kept(project, "nucleo")
    kept(project, "psoc")
    kept(project, "nucleo", plan="kws_far")
    status, out, _ = says("gate", "--sign", "release.pem", GATE[1], "--url", "https://ci.example.org/7")
    assert status == 0, out
    assert out.startswith("PASS  release 1.5  3 pass")
    folder = project / "hil-reports" / "releases" / "1.5"
    assert {path.name for path in folder.iterdir()} == {
        *("attestation.json", "junit.xml", "release.html", "release.json", "release.md", "statement.json")
    }
    good = ("verify", folder / "attestation.json", "--key", "release.pub")
    artifacts = ("--artifact", "fw.elf", "--artifact", folder / "release.json")
    status, out, _ = says(*good, *artifacts)
    assert (status, out.startswith("VERIFIED")) == (0, True)
    told = json.loads(says(*good, *artifacts, "--json")[1])
    assert (told["holds"], told["result"], len(told["passed"])) == (True, "PASSED", 3)

    (project / "fw.elf").write_bytes(ELF.replace(b"nucleo", b"nuclep"))
    status, out, _ = says(*good, *artifacts)
    assert (status, "fw.elf is not what was tested" in out) == (1, True)
    content = bytearray((folder / "attestation.json").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "attestation.json").write_bytes(content)
    status, out, _ = says(*good)
    assert (status, out.startswith("REFUSED")) == (1, True)


def test_a_product_that_is_wrong_ends_with_1(says, project):
    kept(project, "nucleo", **broken())
    status, out, _ = says(*GATE)
    assert status == 1
    assert out.startswith("FAIL  release 1.5  1 fail, 2 missing")


def test_runs_are_taken_from_the_folders_that_are_named(says, project):
    for board, plan in (("nucleo", "kws"), ("psoc", "kws"), ("nucleo", "kws_far")):
        shutil.move(kept(project, board, plan=plan), project / f"nightly-{plan}-{board}")
    assert says(*GATE)[0] == 4
    sources = [word for path in project.glob("nightly-*") for word in ("--from", path.name)]
    status, out, _ = says(*GATE, *sources, "--out", "released", "--json")
    assert (status, json.loads(out)["verdict"]) == (0, "pass")
    jsonschema.validate(json.loads(out), json.loads(says("gate", "schema", "--report")[1]))
    assert (project / "released" / "release.html").is_file()


def test_an_attestation_of_another_day_does_not_stay_beside_new_reports(says, project):
    says("gate", "keygen", "release.pem")
    kept(project, "nucleo")
    says(*GATE, "--sign", "release.pem")
    signed = project / "hil-reports" / "releases" / "1.5" / "attestation.json"
    assert signed.is_file()
    says(*GATE)
    assert not signed.exists()
    assert signed.with_name("statement.json").is_file()


def test_a_commit_that_the_release_would_not_look_at_is_refused(says, project):
    file = project / GATE[1]
    file.write_text(file.read_text() + "commit: any\n")
    status, out, err = says(*GATE, "--commit", "deadbeef")
    assert status == 3
    assert not out, "nothing is judged as if it were of that commit"
    assert "the release takes runs of any commit" in err


def test_a_release_of_nothing_is_not_signed_and_says_so(says, project):
    says("gate", "keygen", "release.pem")
    (project / "hil-reports").mkdir()
    status, _, err = says(*GATE, "--sign", "release.pem")
    assert (status, "nothing was signed: no run counts" in err) == (4, True)


def test_a_record_that_cannot_be_read_is_told_and_does_not_pass_for_a_run(says, project):
    (kept(project, "nucleo") / "record.json").write_text("{")
    status, out, err = says(*GATE)
    assert (status, "1.5  3 missing" in out) == (4, True)
    assert "not read:" in err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("gate", "absent.yaml"), "no such release"),
        (("gate", "testplans/kws.yaml"), "unknown key 'boards'"),
        (("gate", GATE[1], "--from", "absent"), "the history has no such run"),
        (("gate", GATE[1], "--sign", "absent.pem"), "the key cannot be read"),
        (("gate", "keygen", "fw.elf"), "there is a file of that name"),
        (("verify", "absent.json", "--key", "a.pub"), "the file cannot be read"),
        (("verify", "fw.elf", "--key", "fw.elf"), "no public key can be read"),
    ],
)
def test_a_mistake_ends_with_3(says, project, words, why):
    status, _, err = says(*words)
    assert status == 3
    assert why in err
