"""One open virtual unit, one model after the other: a session begins at the safe speed wherever the last one has left the line."""

from harness.bench.boards import load_board
from harness.data import datasets
from harness.run.dut import open_dut
from harness.run.options import RunOptions


def test_a_second_model_and_another_patience_begin_anew_on_a_line_that_has_climbed():
    data = datasets.load("digits", samples=3)
    with open_dut(load_board("nucleo_f446re"), RunOptions(backend="virtual"), what="in turn") as dut:
        first = dut.classify(data, "digits_cnn_int8")
        assert first.link.baud > 115_200, "else this test shows nothing"
        patient = dut.classify(data, "digits_cnn_int8", timeouts={"answer_s": 40})
        other = dut.classify(data, "digits_cnn_f32")
        assert [run.lost for run in (first, patient, other)] == [0, 0, 0]
        assert patient.link.baud == other.link.baud == first.link.baud
