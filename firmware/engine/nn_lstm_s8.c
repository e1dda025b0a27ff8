/* SPDX-License-Identifier: Apache-2.0
 * A step needs the whole output of the step before and, of the cell state, only its own value: so cells are finished one by one
 * and the cell state is the only memory. */
#include "nn_fixed16.h"

enum { INPUT, FORGET, CELL, OUTPUT, GATES };

/* What one operand adds to a gate, in Q3.12; the operand's zero point is in the bias. */
NN_INLINE int32_t part(const int8_t *values, const int8_t *weights, int32_t n, int32_t bias, int32_t multiplier, int32_t shift)
{
    int32_t acc = bias;
    NN_ROLLED
    for (int32_t i = 0; i < n; ++i) {
        acc += values[i] * weights[i];
    }
    return nn_rescale(acc, multiplier, shift);
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
            int32_t gate[GATES];
            for (int32_t g = 0; g < GATES; ++g) {
                const int32_t row = g * cells + c;
                gate[g] = nn_saturated_s16(
                    part(in, weights + row * inputs, inputs, bias[row], params->multiplier[g], params->shift[g]));
                if (step > 0) { /* the output before the first step is zero: it adds nothing */
                    const int32_t more = part(out - cells, recurrent + row * cells, cells, recurrent_bias[row],
                                              params->recurrent_multiplier[g], params->recurrent_shift[g]);
                    gate[g] = nn_saturated_s16(gate[g] + more);
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
