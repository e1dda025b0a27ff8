"""What others need for the same networks, as far as it is known, with how it is known.

CMSIS-NN: its public source (commit 99f736a), behind our functions as ``hil bench-engine --engine-dir`` puts it there: GCC 12.2
-O2, not freestanding, newlib's memcpy, dense layers rounded twice. Cycles are estimates of the same
model as ours (``cycles``). All counted by this code in one session, 2026-11-29. The LSTM has no figure: its kernel would be
ours on both sides.
Cube.AI and TFLM: published cycles of the MLPerf Tiny results on a NUCLEO-L4R5ZI at 120 MHz. Instructions must not be compared
with cycles.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """``target_m`` is the project's own limit for gcc -O2, ``cmsis_nn_m`` counted; both in millions of instructions per inference.
    ``cmsis_nn_cycles_m`` are millions of cycles, estimated. ``published`` is in cycles, in words."""

    target_m: float | None = None
    cmsis_nn_m: float | None = None
    cmsis_nn_cycles_m: float | None = None
    published: str = ""


_KWS = "X-CUBE-AI v1.0 9.0 M cycles, microTVM+CMSIS-NN 12.0 M, TFLM about 21.8 M (not checked); ST v1.2 5.2 M"
FIGURES: dict[str, Figures] = {
    "mnist_f446_int8": Figures(1.3, 2.049, 2.920),
    "mnist_f446_f32": Figures(1.6),
    "bench_imu_int8": Figures(3.0, 3.415, 4.355),
    "bench_tiny_conv_int8": Figures(1.2, 2.382, 3.528),
    "bench_ds_cnn_int8": Figures(7.9, 7.505, 9.282, _KWS),
    "bench_ds_cnn_f32": Figures(16.0),
    "bench_lock_int8": Figures(0.9, 1.540, 2.003),
    "bench_resnet8_int8": Figures(None, 29.009, 36.208),
    "bench_mobilenet_int8": Figures(None, 23.456, 29.394),
    "bench_autoencoder_int8": Figures(None, 0.596, 0.738),
    "digits_cnn_int8": Figures(None, 0.452, 0.581),
}
