/* SPDX-License-Identifier: Apache-2.0
 * The cell state is the only memory, as in the int8 form. */
#include "nn_internal.h"

enum { INPUT, FORGET, CELL, OUTPUT, GATES };

NN_INLINE float dot(const float *values, const float *weights, int32_t n)
{
    float acc = 0.0f;
    for (int32_t i = 0; i < n; ++i) {
        acc += values[i] * weights[i];
    }
    return acc;
}

void hil_nn_lstm_f32(const hil_nn_lstm_f32_params *params, const float *in, const float *weights, const float *bias,
                     const float *recurrent, float *cell, float *out)
{
    const int32_t inputs = params->inputs, cells = params->cells;
    for (int32_t c = 0; c < cells; ++c) {
        cell[c] = 0.0f;
    }
    for (int32_t step = 0; step < params->steps; ++step, in += inputs, out += cells) {
        for (int32_t c = 0; c < cells; ++c) {
            float gate[GATES];
            for (int32_t g = 0; g < GATES; ++g) {
                const int32_t row = g * cells + c;
                gate[g] = dot(in, weights + row * inputs, inputs) + bias[row];
                if (step > 0) { /* the output before the first step is zero */
                    gate[g] = dot(out - cells, recurrent + row * cells, cells) + gate[g];
                }
                gate[g] = g == CELL ? hil_nn_tanhf(gate[g]) : nn_logistic_f32(gate[g]);
            }
            const float state = gate[FORGET] * cell[c] + gate[CELL] * gate[INPUT];
            cell[c] = nn_clamp_f32(state, -params->cell_limit, params->cell_limit);
            out[c] = gate[OUTPUT] * hil_nn_tanhf(cell[c]);
        }
    }
}
