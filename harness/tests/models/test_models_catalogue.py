"""The table of operators: it leaves none out, and what it claims is what is tested."""

from op_nets import CASES

from harness.models.codegen.folding import FOLDED
from harness.models.codegen.operators import OPERATORS
from harness.models.codegen.operators.catalogue import TFLM, rows, table
from harness.models.codegen.passes import SHAPE_ONLY
from harness.models.variables import HANDLES

ROWS = {row.operator: row for row in rows()}
# Computed by a case of another name, or by the networks of the tests that were there before the cases.
ELSEWHERE = {"LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "REDUCE_ALL", "DEQUANTIZE", "BATCH_TO_SPACE_ND"}
NOT_DONE = {"IF", "WHILE"}


def test_every_operator_of_the_engine_is_in_the_table_with_its_types():
    assert {*OPERATORS, *SHAPE_ONLY, *FOLDED, *HANDLES} == {row.operator for row in ROWS.values() if row.types}


def test_what_tflm_has_and_the_engine_has_not_is_control_flow():
    assert {name for name in TFLM if not ROWS[name].types} == NOT_DONE


def test_each_type_claimed_of_a_new_operator_has_a_case():
    cased = {}
    for name in CASES:
        operator, _, rest = name.partition("-")
        cased.setdefault(operator, set()).add(rest.rpartition("-")[2])
    for operator, types in cased.items():
        claimed = {t.strip() for t in ROWS[operator].types.split(",")} if operator in ROWS else set()
        missing = {t for t in claimed & {"int8", "int16", "int32", "float32"} if t not in types}
        if operator not in (
            "ADD",
            "SUB",
            "MUL",
            "LOGISTIC",
            "TANH",
            "SOFTMAX",
            "MEAN",
            "CONV_2D",
            "FULLY_CONNECTED",
            "QUANTIZE",
        ):
            assert operator in ELSEWHERE or missing <= {"int16"}, (operator, missing)


def test_the_table_is_markdown_of_three_columns():
    lines = table().splitlines()
    assert len(lines) == len(ROWS) + 2
    assert {line.count("|") for line in lines} == {4}
