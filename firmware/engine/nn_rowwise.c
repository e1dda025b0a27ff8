/* SPDX-License-Identifier: Apache-2.0
 * Operators on whole rows, or along one axis: normalisation, running sums, the greatest few. */
#include "nn_math.h"

void hil_nn_l2_norm_f32(const hil_nn_rowwise_params *params, const float *in, float *out)
{
    for (uint32_t row = 0; row < params->rows; ++row, in += params->values, out += params->values) {
        float squares = 0.0f;
        for (uint32_t i = 0; i < params->values; ++i) {
            squares += in[i] * in[i];
        }
        const float length = nn_sqrtf(squares);
        const float divisor = length < 1e-6f ? 1e-6f : length;
        for (uint32_t i = 0; i < params->values; ++i) {
            out[i] = in[i] / divisor;
        }
    }
}

typedef struct {
    int32_t multiplier, right_shift;
} root;

/* x * 2^bits, saturated. */
NN_INLINE int32_t raised(int32_t x, int bits)
{
    const int32_t limit = (int32_t)((1u << (31 - bits)) - 1u);
    return x > limit ? INT32_MAX : x < -limit - 1 ? INT32_MIN : x * (1 << bits);
}

/* 1 / sqrt(value) = multiplier * 2^-(31 + right_shift): five Newton steps in Q3.28, after TFLite's GetInvSqrtQuantizedMultiplierExp. */
static root inverse_root(int32_t value)
{
    root result = {INT32_MAX, 0};
    if (value <= 1) {
        return result;
    }
    result.right_shift = 11;
    while (value >= 1 << 29) {
        value /= 4;
        ++result.right_shift;
    }
    int32_t zeros = 0;
    while (!((uint32_t)value << zeros & 0x80000000u)) {
        ++zeros;
    }
    const int32_t pairs = (zeros - 1) / 2 - 1;
    result.right_shift -= pairs;
    value *= 1 << (2 * pairs);
    const int32_t half = nn_shift_right(value >> 1, 1), three_halves = (1 << 28) + (1 << 27);
    int32_t x = 1 << 28;
    for (int i = 0; i < 5; ++i) {
        const int32_t cube = raised(nn_high_mul(nn_high_mul(x, x), x), 6);
        x = raised(nn_high_mul(three_halves, x) - nn_high_mul(half, cube), 3);
    }
    result.multiplier = nn_high_mul(x, 1518500250);
    if (result.right_shift < 0) {
        result.multiplier *= 1 << -result.right_shift;
        result.right_shift = 0;
    }
    return result;
}

void hil_nn_l2_norm_s8(const hil_nn_rowwise_params *params, const int8_t *in, int8_t *out)
{
    enum { OUT_BITS = 7 };
    for (uint32_t row = 0; row < params->rows; ++row, in += params->values, out += params->values) {
        int32_t squares = 0;
        for (uint32_t i = 0; i < params->values; ++i) {
            const int32_t x = in[i] + params->in_offset;
            squares += x * x;
        }
        const root inverse = inverse_root(squares);
        for (uint32_t i = 0; i < params->values; ++i) {
            const int32_t raw = nn_rescale(in[i] + params->in_offset, inverse.multiplier, OUT_BITS - inverse.right_shift);
            out[i] = (int8_t)nn_clamp_s32(raw, -128, 127);
        }
    }
}

void hil_nn_log_softmax_f32(const hil_nn_rowwise_params *params, const float *in, float *out)
{
    for (uint32_t row = 0; row < params->rows; ++row, in += params->values, out += params->values) {
        float greatest = in[0];
        for (uint32_t i = 1; i < params->values; ++i) {
            greatest = greatest < in[i] ? in[i] : greatest;
        }
        float sum = 0.0f;
        for (uint32_t i = 0; i < params->values; ++i) {
            sum += hil_nn_expf(in[i] - greatest);
        }
        const float log_sum = nn_logf(sum);
        for (uint32_t i = 0; i < params->values; ++i) {
            out[i] = in[i] - greatest - log_sum;
        }
    }
}

/* The body of a running sum over `axis` places that are `inner` apart. */
#define RUNNING_SUM(TYPE, ADDED)                                                                  \
    do {                                                                                          \
        for (uint32_t o = 0; o < params->outer; ++o) {                                            \
            for (uint32_t c = 0; c < params->inner; ++c) {                                        \
                TYPE sum = 0;                                                                     \
                for (uint32_t i = 0; i < params->axis; ++i) {                                     \
                    const uint32_t place = params->reverse ? params->axis - 1 - i : i;            \
                    const uint32_t at = (o * params->axis + place) * params->inner + c;           \
                    const TYPE before = sum;                                                      \
                    sum = ADDED;                                                                  \
                    out[at] = params->exclusive ? before : sum;                                   \
                }                                                                                 \
            }                                                                                     \
        }                                                                                         \
    } while (0)

void hil_nn_cumsum_f32(const hil_nn_cumsum_params *params, const float *in, float *out)
{
    RUNNING_SUM(float, sum + in[at]);
}

void hil_nn_cumsum_s32(const hil_nn_cumsum_params *params, const int32_t *in, int32_t *out)
{
    RUNNING_SUM(int32_t, (int32_t)((uint32_t)sum + (uint32_t)in[at]));
}

/* The body of a search for the greatest few of each row: the next one is the greatest that comes after the last one found. */
#define GREATEST_FEW(TYPE, TOOK)                                                                                        \
    do {                                                                                                                \
        for (uint32_t row = 0; row < params->rows; ++row, in += params->values, out += params->few) {                   \
            int32_t last = -1;                                                                                          \
            for (uint32_t n = 0; n < params->few; ++n) {                                                                \
                int32_t best = -1;                                                                                      \
                for (int32_t i = 0; i < (int32_t)params->values; ++i) {                                                 \
                    const int after = last < 0 || in[i] < in[last] || (in[i] == in[last] && i > last);                  \
                    if (after && (best < 0 || in[i] > in[best])) {                                                      \
                        best = i;                                                                                       \
                    }                                                                                                   \
                }                                                                                                       \
                last = best < 0 ? 0 : best; /* only NaN is not found */                                                 \
                out[n] = TOOK;                                                                                          \
            }                                                                                                           \
        }                                                                                                               \
    } while (0)

void hil_nn_top_values_f32(const hil_nn_rowwise_params *params, const float *in, float *out)
{
    GREATEST_FEW(float, in[last]);
}

void hil_nn_top_values_s8(const hil_nn_rowwise_params *params, const int8_t *in, int8_t *out)
{
    GREATEST_FEW(int8_t, in[last]);
}

void hil_nn_top_places_f32(const hil_nn_rowwise_params *params, const float *in, int32_t *out)
{
    GREATEST_FEW(float, last);
}

void hil_nn_top_places_s8(const hil_nn_rowwise_params *params, const int8_t *in, int32_t *out)
{
    GREATEST_FEW(int8_t, last);
}
