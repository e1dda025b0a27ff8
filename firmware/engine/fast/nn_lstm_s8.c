/* SPDX-License-Identifier: Apache-2.0
 * The plain LSTM with a cell's four gates computed at once: their rows of weights lie `cells` rows apart. */
#include "nn_dot4_s8.h"
#include "nn_fixed16.h"

enum { INPUT, FORGET, CELL, OUTPUT, GATES };

/* acc[g] = bias + values . weights for the four gates of cell c; the operand's zero point is in the bias. */
NN_INLINE void gates(const int8_t *values, const int8_t *weights, const int32_t *bias, int32_t n, int32_t cells, int32_t c, int32_t acc[GATES])
{
    for (int32_t g = 0; g < GATES; ++g) {
        acc[g] = bias[g * cells + c];
    }
    nn_dot4_s8(values, weights + c * n, cells * n, n, 0, acc);
}

void hil_nn_lstm_s8(const hil_nn_lstm_s8_params *params, const int8_t *in, const int8_t *weights, const int32_t *bias,
                    const int8_t *recurrent, const int32_t *recurrent_bias, int16_t *cell, int8_t *out)
{
    const int32_t inputs = params->inputs, cells = params->cells;
    for (int32_t c = 0; c < cells; ++c) {
        cell[c] = 0;
    }
    for (int32_t step = 0; step < params->steps; ++step, in += inputs, out += cells) {
        for (int32_t c = 0; c < cells; ++c) {
            int32_t gate[GATES], more[GATES] = {0, 0, 0, 0};
            gates(in, weights, bias, inputs, cells, c, gate);
            if (step > 0) { /* the output before the first step is zero: it adds nothing */
                gates(out - cells, recurrent, recurrent_bias, cells, cells, c, more);
            }
            NN_ROLLED
            for (int32_t g = 0; g < GATES; ++g) {
                gate[g] = nn_saturated_s16(nn_rescale(gate[g], params->multiplier[g], params->shift[g]));
                if (step > 0) {
                    gate[g] = nn_saturated_s16(
                        gate[g] + nn_rescale(more[g], params->recurrent_multiplier[g], params->recurrent_shift[g]));
                }
                gate[g] = g == CELL ? nn_tanh_s16(gate[g], 3) : nn_logistic_s16(gate[g]);
            }
            const int32_t kept = nn_shift_right(gate[FORGET] * cell[c], 15);
            const int32_t added = nn_shift_right(gate[INPUT] * gate[CELL], params->cell_shift);
            cell[c] = (int16_t)nn_clamp_s32(kept + added, params->cell_min, params->cell_max);
            const int32_t hidden = gate[OUTPUT] * nn_tanh_s16(cell[c], params->cell_integer_bits);
            const int32_t raw = nn_rescale(hidden, params->out_multiplier, params->out_shift) + params->out_offset;
            out[c] = (int8_t)nn_clamp_s32(raw, -128, 127);
        }
    }
}
