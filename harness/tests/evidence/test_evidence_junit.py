"""junit.xml against the rules of Jenkins' junit-10.xsd."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from evidence_runs import broken_rig, differing, make_run
from hypothesis import given, settings
from hypothesis import strategies as st
from junit_rules import checked as keeps_the_rules
from junit_rules import outcomes

from harness.evidence.reports.junit import render
from harness.records import GateResult, Record, Verdict


def checked(record: Record) -> ET.Element:
    return keeps_the_rules(render(record, None, None))


def test_a_passed_run_is_one_case_and_one_a_gate_all_passed() -> None:
    assert outcomes(checked(make_run().record)) == {
        "run": "passed",
        "accuracy >= 0.95": "passed",
        "agreement == 1": "passed",
        "input_integrity == 1": "passed",
        "lost_samples == 0": "passed",
    }


def test_a_broken_gate_is_a_failure_of_the_product_and_says_the_figure() -> None:
    root = checked(make_run(damage=differing).record)
    assert outcomes(root)["agreement == 1"] == "failure"
    assert outcomes(root)["run"] == "passed"
    failure = next(root.iter("failure"))
    assert failure.get("type") == "product"
    assert "0.984444" in failure.get("message", "")


def test_a_broken_rig_is_an_error_and_never_a_failure() -> None:
    root = checked(broken_rig())
    assert outcomes(root) == {"run": "error"}
    assert next(root.iter("error")).get("type") == "rig"
    failed = make_run(damage=differing).record
    late = checked(failed.model_copy(update={"verdict": Verdict.ERROR, "reasons": ("port gone",)}))
    assert set(outcomes(late).values()) == {"error", "skipped"}


def test_a_fault_of_the_firmware_without_any_gate_is_a_failure() -> None:
    record = broken_rig().model_copy(update={"verdict": Verdict.FAIL, "reasons": ("hard fault at 0x08001234",)})
    assert outcomes(checked(record)) == {"run": "failure"}


def test_what_could_not_be_decided_is_skipped() -> None:
    gate = GateResult(
        metric="latency_us.p99", op="<=", limit=3e4, value=None, passed=None, needs="hardware", reason="on an emulator"
    )
    record = make_run(gates=(gate,), verdict=Verdict.INCONCLUSIVE).record
    assert outcomes(checked(record)) == {"run": "passed", "latency_us.p99 <= 30000 needs hardware": "skipped"}
    none = make_run(gates=(), verdict=Verdict.INCONCLUSIVE, reasons=("no gate",)).record
    assert outcomes(checked(none)) == {"run": "skipped"}


def test_a_broken_gate_that_only_warns_fails_nothing_and_says_so() -> None:
    gate = GateResult(
        metric="churn", op="<=", limit=0.05, value=0.1, passed=False, severity="warn", baseline="b", reason="churn 0.1"
    )
    root = checked(make_run(gates=(gate,)).record)
    assert outcomes(root) == {"run": "passed", "churn <= 0.05 severity warn": "passed"}
    assert "broken, and only warns: churn 0.1" in [out.text for out in root.iter("system-out")]


def test_two_gates_of_one_text_have_two_names() -> None:
    record = make_run().record
    assert len(outcomes(checked(record.model_copy(update={"gates": record.gates[:1] * 3})))) == 4


def test_measurements_and_identities_are_property_lines() -> None:
    record = make_run().record
    out = next(checked(record).iter("system-out")).text or ""
    pairs = dict(re.fullmatch(r"\[\[PROPERTY\|([^=\]]+)=(.+)\]\]", line).groups() for line in out.splitlines())  # type: ignore[union-attr]
    accuracy = record.measurement("accuracy")
    assert accuracy is not None
    assert float(pairs["accuracy"]) == accuracy.value
    assert float(pairs["accuracy.low"]) == accuracy.low
    assert pairs["evidence"] == "emulated"
    assert pairs["note"] == "virtual board: no cycles, no latency"
    assert pairs["elf_sha256"] == "5f3a" * 16


@given(st.text(max_size=30) | st.just("\ud800\x00]]>\x1b[31m"))
@settings(max_examples=60)
def test_any_text_in_a_record_still_gives_valid_xml(text: str) -> None:
    gate = GateResult(metric="accuracy", op=">=", limit=1, value=0.5, passed=False, reason=text)
    checked(
        broken_rig().model_copy(update={"reasons": (text,), "gates": (gate,), "run_id": text, "verdict": Verdict.FAIL})
    )


@pytest.mark.parametrize("seconds", [0, 1e-9, 8.1234567, 123456.7])
def test_times_have_at_most_three_decimals_and_no_exponent(seconds: float) -> None:
    record = make_run().record
    later = record.started.timestamp() + seconds
    checked(record.model_copy(update={"finished": record.started.fromtimestamp(later, record.started.tzinfo)}))
