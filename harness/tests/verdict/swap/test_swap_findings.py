from dataclasses import replace

import numpy as np
import pytest
from swap_sides import about, side, sizes, table

from harness.records import SourceFacts, UnitFacts, Verdict
from harness.verdict.swap import compare_sides

SAME = {"elf_sha256": "elf", "model_sha256": "model"}


def same_firmware(**changed):
    """A firmware run twice; the second time two samples have other outputs."""
    first = side("first", [0] * 500, [0] * 500, about={"firmware_changed": SAME})
    second = side("second", [0] * 500, [0] * 500, about={"firmware_changed": SAME} | changed)
    second.samples.outputs[[3, 9], 2] = 1
    return first, second


def kinds(found):
    return {f.kind: f.weight for f in found.findings}


def test_other_outputs_of_the_same_firmware_on_the_same_inputs_fail_although_no_decision_changed():
    found = compare_sides(*same_firmware())
    assert found.churn.count == 0
    assert kinds(found)["not_deterministic"] == "fault"
    assert found.verdict is Verdict.FAIL
    assert "2 of 500 samples, first on s3" in found.reasons[0]


def test_an_input_that_was_read_otherwise_is_not_held_against_the_firmware():
    first, second = same_firmware()
    crc = second.samples.input_crc.copy()
    crc[[3, 9]] += 1
    second = replace(second, samples=replace(second.samples, input_crc=crc, sent_crc=crc))
    assert "not_deterministic" not in kinds(compare_sides(first, second))


@pytest.mark.parametrize(
    "changed",
    [{"unit": UnitFacts(uid="u2")}, {"board": "other"}, {"backend": "virtual", "evidence": "emulated"}, {"unit": None}],
    ids=lambda changed: next(iter(changed)),
)
def test_another_unit_may_compute_otherwise(changed):
    assert "not_deterministic" not in kinds(compare_sides(*same_firmware(**changed)))


def test_two_emulated_units_of_a_kind_are_one_unit():
    emulated = {"backend": "virtual", "evidence": "emulated"}
    first, second = same_firmware(**emulated, unit=UnitFacts(uid="random"))
    assert "not_deterministic" in kinds(compare_sides(about(first, **emulated), second))
    assert compare_sides(about(first, **emulated), second).changes == ()


def test_a_swap_of_the_model_alone_is_one_change_although_the_image_differs_too():
    found = compare_sides(*table(95, 2, 2, 1))
    assert [c.what for c in found.changes] == ["model"]
    assert "several_changes" not in kinds(found)


def test_an_image_that_nothing_explains_is_a_change_of_the_firmware():
    old, new = table(95, 2, 2, 1)
    same_model = new.record.firmware.model_copy(update={"model_sha256": "model old"})
    assert [c.what for c in compare_sides(old, about(new, firmware=same_model)).changes] == ["firmware"]


def test_more_than_one_change_is_warned_of():
    old, new = table(95, 2, 2, 1)
    firmware = new.record.firmware.model_copy(update={"engine": "other 2", "compiler": "gcc 14"})
    found = compare_sides(old, about(new, firmware=firmware, harness_version="2"))
    assert [c.what for c in found.changes] == ["model", "engine", "compiler", "harness"]
    (text,) = [f.text for f in found.findings if f.kind == "several_changes"]
    assert text.startswith("4 things changed at once (model, engine, compiler, harness)")


def test_the_commit_is_told_and_is_no_cause_of_its_own():
    old, new = table(95, 2, 2, 1)
    old = about(old, source=SourceFacts(commit="a" * 40, dirty=False))
    found = compare_sides(old, about(new, source=SourceFacts(commit="b" * 40, dirty=True)))
    assert [(c.what, c.after[-10:]) for c in found.changes if c.what == "source"] == [("source", "with edits")]
    assert "several_changes" not in kinds(found)


def test_where_the_commit_alone_differs_it_is_not_said_that_nothing_did():
    one = about(side("one", [0] * 9, [0] * 9), source=SourceFacts(commit="a" * 40, dirty=False))
    other = about(one, run_id="another", source=SourceFacts(commit="b" * 40, dirty=False))
    (told,) = compare_sides(one, other).findings
    assert (told.kind, told.text[:30]) == ("nothing_changed", "nothing but the commit changed")


def test_a_run_held_against_itself_is_called_so():
    old, _ = table(95, 2, 2, 1)
    assert [f.text for f in compare_sides(old, old).findings] == ["both are one and the same run"]


def test_the_unit_that_comes_with_another_board_is_no_change_of_its_own():
    old, new = table(95, 2, 2, 1)
    same = about(new, board="other", unit=UnitFacts(uid="u2"), firmware=old.record.firmware)
    found = compare_sides(old, same)
    assert [c.what for c in found.changes] == ["board", "unit"]
    assert "several_changes" not in kinds(found)


def test_a_run_that_the_rig_broke_off_passes_nothing():
    old, new = table(950, 2, 2, 1)
    found = compare_sides(old, about(new, verdict=Verdict.ERROR, reasons=("the port is gone",)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the port is gone" in found.reasons[0]


def test_sizes_are_compared_exactly_and_a_missing_one_is_no_zero():
    old, new = table(95, 2, 2, 1)
    found = compare_sides(
        about(old, measurements=sizes(flash_bytes=1000, ram_bytes=50)),
        about(new, measurements=sizes(flash_bytes=1100, stack_bytes=7)),
    )
    assert [(m.name, m.before, m.after, m.difference) for m in found.memory] == [
        ("flash_bytes", 1000, 1100, 100),
        ("ram_bytes", 50, None, None),
        ("stack_bytes", None, 7, None),
    ]


def test_outputs_of_one_form_are_compared_in_steps_of_their_quantisation():
    old, new = table(100, 0, 0, 0)
    new.samples.outputs[0, 0] += 1
    new.samples.outputs[1, 2] += 4
    found = compare_sides(old, new).outputs
    assert (found.n, found.identical, found.max_lsb, found.max_abs_diff) == (100, 98, 4, 2.0)
    assert found.beyond == pytest.approx(1 / 300)


def test_outputs_of_two_scales_are_compared_in_real_units_alone():
    old, new = table(100, 0, 0, 0)
    new = about(new, outputs_scale=0.25)
    doubled = replace(new, samples=replace(new.samples, outputs=(new.samples.outputs * 2).astype(np.int8)))
    found = compare_sides(old, doubled).outputs
    assert (found.same_form, found.identical, found.max_lsb, found.max_abs_diff) == (False, 100, None, 0.0)


def test_outputs_of_another_number_of_values_are_not_compared():
    old, new = table(100, 0, 0, 0)
    wider = replace(new, samples=replace(new.samples, outputs=np.zeros((100, 4), dtype=np.int8)))
    assert compare_sides(old, wider).outputs is None


def test_samples_of_one_group_are_said_to_tell_little():
    groups = np.array(["anna"] * 500)
    old, new = side("old", [0] * 500, [0] * 500, groups=groups), side("new", [0] * 500, [0] * 500, groups=groups)
    assert "few_groups" in kinds(compare_sides(old, new))


def test_a_comparison_reads_back_from_its_json():
    from harness.verdict.swap import Comparison

    found = compare_sides(*table(95, 2, 2, 1))
    assert Comparison.model_validate_json(found.model_dump_json(by_alias=True)) == found
    assert '"schema":"hil.comparison/1"' in found.model_dump_json(by_alias=True)
