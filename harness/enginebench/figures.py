"""What others need for the same networks, as far as it is known, with how it is known.

CMSIS-NN: its public source, linked behind the plain kernels' functions and counted under emulation in the same way,
gcc 12 -O2, on networks with as many multiply-accumulates (the smart lock's was a smaller one, 0.251 M). Cube.AI and
TFLM: published cycles of the MLPerf Tiny results on a NUCLEO-L4R5ZI at 120 MHz. Cycles are not instructions: a
Cortex-M4 takes 1.0 to 1.8 cycles per instruction of such code, so the two columns must not be compared as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """``target_m`` is the project's own limit for gcc -O2, ``cmsis_nn_m`` measured; both in millions of instructions per inference.
    ``published`` is in cycles, in words."""

    target_m: float | None = None
    cmsis_nn_m: float | None = None
    published: str = ""


_KWS = "X-CUBE-AI v1.0 9.0 M cycles, microTVM+CMSIS-NN 12.0 M, TFLM about 21.8 M (not checked); ST v1.2 5.2 M"
FIGURES: dict[str, Figures] = {
    "mnist_f446_int8": Figures(1.3, 2.149),
    "mnist_f446_f32": Figures(1.6),
    "bench_imu_int8": Figures(3.0, 3.459),
    "bench_tiny_conv_int8": Figures(1.2, 2.304),
    "bench_ds_cnn_int8": Figures(7.9, 7.858, _KWS),
    "bench_ds_cnn_f32": Figures(16.0),
    "bench_lock_int8": Figures(0.9, 1.125),
}
