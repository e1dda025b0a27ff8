/* SPDX-License-Identifier: Apache-2.0
 * A filter over the features of each step, then one over the last steps: the state holds what the first gave, the oldest first. */
#include "nn_internal.h"

void hil_nn_svdf_f32(const hil_nn_svdf_f32_params *params, const float *in, const float *features, const float *times,
                     const float *bias, void *state, float *scratch, float *out)
{
    const int32_t memory = params->memory, rank = params->rank;
    float *kept = state;
    for (int32_t f = 0; f < params->filters; ++f, features += params->inputs, times += memory, kept += memory) {
        float now = 0.0f, sum = 0.0f;
        for (int32_t i = 0; i < params->inputs; ++i) {
            now += in[i] * features[i];
        }
        for (int32_t t = 0; t < memory; ++t) {
            kept[t] = t + 1 < memory ? kept[t + 1] : now;
            sum += kept[t] * times[t];
        }
        scratch[f] = sum;
    }
    for (int32_t u = 0; u < params->filters / rank; ++u) {
        float sum = 0.0f;
        for (int32_t r = 0; r < rank; ++r) {
            sum += scratch[u * rank + r];
        }
        out[u] = nn_clamp_f32(bias ? sum + bias[u] : sum, params->act_min, params->act_max);
    }
}

void hil_nn_svdf_s8(const hil_nn_svdf_s8_params *params, const int8_t *in, const int8_t *features, const int16_t *times,
                    const int32_t *bias, void *state, int8_t *out)
{
    const int32_t memory = params->memory, rank = params->rank;
    int16_t *kept = state;
    for (int32_t u = 0; u < params->filters / rank; ++u) {
        int32_t sum = bias ? bias[u] : 0;
        for (int32_t r = 0; r < rank; ++r, features += params->inputs, times += memory, kept += memory) {
            int32_t now = 0;
            for (int32_t i = 0; i < params->inputs; ++i) {
                now += (in[i] + params->in_offset) * features[i];
            }
            now = nn_clamp_s32(nn_rescale(now, params->feature_multiplier, params->feature_shift), -32768, 32767);
            for (int32_t t = 0; t < memory; ++t) {
                kept[t] = (int16_t)(t + 1 < memory ? kept[t + 1] : now);
                sum += kept[t] * times[t];
            }
        }
        const int32_t raw = nn_rescale(sum, params->time_multiplier, params->time_shift) + params->out_offset;
        out[u] = (int8_t)nn_clamp_s32(raw, -128, 127);
    }
}
