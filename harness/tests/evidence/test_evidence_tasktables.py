"""The tables of a task's parts: what stands beside a figure is of that figure."""

from types import SimpleNamespace

from harness.evidence.reports import _tasks
from harness.records import Measurement


def test_the_count_of_a_row_is_that_of_its_first_figure():
    measurements = (
        Measurement(name="hit_rate.one", value=0.375, unit="ratio", n=8, low=0.14, high=0.69),
        Measurement(name="false_alarms_per_hour.one", value=528, unit="1/h", n=22, low=331, high=804),
        Measurement(name="false_alarms_per_hour.two", value=24, unit="1/h", n=1, low=1, high=134),
    )
    (table,) = _tasks.tables(SimpleNamespace(task="detection", measurements=measurements, output=None, published=()))
    assert table.columns[-1] == ("n", True)
    assert {row[0]: row[-1] for row in table.rows} == {"one": "8", "two": "-"}
