/* SPDX-License-Identifier: Apache-2.0
 * Convolutions and pooling over random geometries, against loops that test every tap for being inside. */
#include <float.h>
#include <string.h>

#include "check.h"
#include "hil_nn.h"
#include "oracle.h"

static uint32_t seed = 7;

static int32_t between(int32_t low, int32_t high)
{
    return random_between(&seed, low, high);
}

static hil_nn_window random_window(int pooling, int depthwise)
{
    hil_nn_window w;
    w.in_h = (uint16_t)between(1, 9);
    w.in_w = (uint16_t)between(1, 9);
    w.in_c = (uint16_t)between(1, 9);
    w.k_h = (uint16_t)between(1, w.in_h < 4 ? w.in_h : 4);
    w.k_w = (uint16_t)between(1, w.in_w < 4 ? w.in_w : 4);
    w.stride_h = (uint8_t)between(1, 3);
    w.stride_w = (uint8_t)between(1, 3);
    w.dilation_h = (uint8_t)(pooling ? 1 : between(1, 2));
    w.dilation_w = (uint8_t)(pooling ? 1 : between(1, 2));
    w.pad_top = (uint16_t)between(0, w.k_h - 1);
    w.pad_left = (uint16_t)between(0, w.k_w - 1);
    w.out_h = (uint16_t)((w.in_h + w.pad_top - 1) / w.stride_h + 1); /* every pixel has at least its first row or column inside */
    w.out_w = (uint16_t)((w.in_w + w.pad_left - 1) / w.stride_w + 1);
    w.out_c = (uint16_t)(pooling ? w.in_c : depthwise ? w.in_c * between(1, 3) : between(1, 10));
    return w;
}

/* The index of the input value at a tap, or -1 outside. */
static int32_t tap_index(const hil_nn_window *w, int32_t y, int32_t x, int32_t i, int32_t j, int32_t c)
{
    const int32_t iy = y * w->stride_h - w->pad_top + i * w->dilation_h;
    const int32_t ix = x * w->stride_w - w->pad_left + j * w->dilation_w;
    if (iy < 0 || iy >= w->in_h || ix < 0 || ix >= w->in_w) {
        return -1;
    }
    return (iy * w->in_w + ix) * w->in_c + c;
}

static int8_t *random_s8(int32_t n)
{
    int8_t *values = exactly(n, 1);
    for (int32_t i = 0; i < n; ++i) {
        values[i] = (int8_t)between(-128, 127);
    }
    return values;
}

/* How many bytes the input must begin above the output, so that a pixel's place ends before what it or a later one reads. */
static int32_t distance(const hil_nn_window *w, int whole_pixels)
{
    int32_t needed = w->in_h * w->in_w * w->in_c, most = 0;
    for (int32_t pixel = w->out_h * w->out_w - 1; pixel >= 0; --pixel) {
        for (int32_t tap = 0; tap < w->k_h * w->k_w; ++tap) {
            const int32_t index = tap_index(w, pixel / w->out_w, pixel % w->out_w, tap / w->k_w, tap % w->k_w, 0);
            needed = index >= 0 && index < needed ? index : needed;
        }
        const int32_t ahead = (pixel + 1) * w->out_c - needed;
        most = ahead > most ? ahead : most;
    }
    return whole_pixels ? (most + w->out_c - 1) / w->out_c * w->out_c : most;
}

/* One memory for an output and, `above` it, a copy of the input, of which nothing may be read once it is written over. */
static int8_t *shared_memory(const int8_t *in, int32_t n_in, int32_t n_out, int32_t above)
{
    int8_t *memory = exactly(above + n_in > n_out ? above + n_in : n_out, 1);
    memcpy(memory + above, in, (size_t)n_in);
    return memory;
}

static void one_int8_convolution(int depthwise)
{
    hil_nn_conv_s8_params p = {random_window(0, depthwise), between(-127, 128), between(-128, 127), between(-128, 0),
                               between(0, 127), (uint16_t)(2 * between(1, 9))};
    const hil_nn_window *w = &p.window;
    const int32_t rows = between(1, w->out_h), columns = rows > 1 ? w->out_w : between(1, w->out_w);
    if (depthwise) {
        p.block = (uint16_t)(rows * columns);
    }
    const int32_t taps = w->k_h * w->k_w, n_out = w->out_h * w->out_w * w->out_c;
    const int32_t per_filter = depthwise ? taps : taps * w->in_c;
    int8_t *in = random_s8(w->in_h * w->in_w * w->in_c);
    int8_t *weights = random_s8(per_filter * w->out_c);
    int8_t *out = exactly(n_out, 1);
    int8_t *shift = exactly(w->out_c, 1);
    int32_t *multiplier = exactly(w->out_c, 4);
    int32_t *bias = between(0, 3) ? exactly(w->out_c, 4) : 0;
    for (int32_t o = 0; o < w->out_c; ++o) {
        multiplier[o] = between(1 << 30, INT32_MAX);
        shift[o] = (int8_t)between(-12, 2);
        if (bias) {
            bias[o] = between(-50000, 50000);
        }
    }
    if (depthwise) {
        int8_t *scratch = exactly(HIL_NN_DWCONV_S8_SCRATCH_BYTES(w, rows, columns), 1);
        hil_nn_dwconv_s8(&p, in, weights, bias, multiplier, shift, scratch, out);
        if (w->out_c == w->in_c) {
            const int32_t above = distance(w, 1);
            int8_t *memory = shared_memory(in, w->in_h * w->in_w * w->in_c, n_out, above);
            hil_nn_dwconv_s8(&p, memory + above, weights, bias, multiplier, shift, scratch, memory);
            CHECK(memcmp(memory, out, (size_t)n_out) == 0, "%d bytes above the output", (int)above);
            free(memory);
        }
        free(scratch);
    } else {
        int16_t *scratch = exactly(HIL_NN_CONV_S8_SCRATCH_BYTES(w->k_h, w->k_w, w->in_c, p.block), 1);
        hil_nn_conv_s8(&p, in, weights, bias, multiplier, shift, scratch, out);
        const int32_t n_in = w->in_h * w->in_w * w->in_c, above = distance(w, 0);
        int8_t *memory = shared_memory(in, n_in, n_out, above);
        hil_nn_conv_s8(&p, memory + above, weights, bias, multiplier, shift, scratch, memory);
        CHECK(memcmp(memory, out, (size_t)n_out) == 0, "%d bytes above the output", (int)above);
        free(scratch), free(memory);
    }
    for (int32_t at = 0; at < n_out; ++at) {
        const int32_t o = at % w->out_c, x = at / w->out_c % w->out_w, y = at / w->out_c / w->out_w;
        int64_t acc = bias ? bias[o] : 0;
        for (int32_t k = 0; k < per_filter; ++k) {
            const int32_t c = depthwise ? o / (w->out_c / w->in_c) : k % w->in_c;
            const int32_t tap = depthwise ? k : k / w->in_c;
            const int32_t index = tap_index(w, y, x, tap / w->k_w, tap % w->k_w, c);
            const int32_t weight = depthwise ? weights[k * w->out_c + o] : weights[o * per_filter + k];
            acc += index < 0 ? 0 : (in[index] + p.in_offset) * weight;
        }
        const int32_t expected = oracle_clamp((int64_t)oracle_rescale((int32_t)acc, multiplier[o], shift[o]) + p.out_offset,
                                              p.act_min, p.act_max);
        CHECK(out[at] == expected, "depthwise %d, output %d: %d, not %d", depthwise, (int)at, out[at], (int)expected);
    }
    free(in), free(weights), free(out), free(shift), free(multiplier), free(bias);
}

static float random_float(void)
{
    return (float)between(-1000, 1000) / 300.0f;
}

static float *random_f32(int32_t n)
{
    float *values = exactly(n, sizeof *values);
    for (int32_t i = 0; i < n; ++i) {
        values[i] = random_float();
    }
    return values;
}

static float *shared_floats(const float *in, int32_t n_in, int32_t n_out, int32_t above)
{
    float *memory = exactly(above + n_in > n_out ? above + n_in : n_out, sizeof *memory);
    memcpy(memory + above, in, (size_t)n_in * sizeof *in);
    return memory;
}

static void one_float_convolution(int depthwise)
{
    const hil_nn_conv_f32_params p = {random_window(0, depthwise), between(0, 1) ? 0.0f : -FLT_MAX, between(0, 1) ? 6.0f : FLT_MAX};
    const hil_nn_window *w = &p.window;
    const int32_t taps = w->k_h * w->k_w, n_out = w->out_h * w->out_w * w->out_c;
    const int32_t per_filter = depthwise ? taps : taps * w->in_c;
    float *in = random_f32(w->in_h * w->in_w * w->in_c);
    float *weights = random_f32(per_filter * w->out_c);
    float *bias = between(0, 3) ? random_f32(w->out_c) : 0;
    float *out = exactly(n_out, sizeof *out);
    (depthwise ? hil_nn_dwconv_f32 : hil_nn_conv_f32)(&p, in, weights, bias, out);
    const int32_t above = distance(w, 0);
    float *memory = shared_floats(in, w->in_h * w->in_w * w->in_c, n_out, above);
    (depthwise ? hil_nn_dwconv_f32 : hil_nn_conv_f32)(&p, memory + above, weights, bias, memory);
    CHECK(memcmp(memory, out, (size_t)n_out * sizeof *out) == 0, "depthwise %d, %d above the output", depthwise, (int)above);
    free(memory);
    for (int32_t at = 0; at < n_out; ++at) {
        const int32_t o = at % w->out_c, x = at / w->out_c % w->out_w, y = at / w->out_c / w->out_w;
        float expected = 0.0f;
        for (int32_t k = 0; k < per_filter; ++k) {
            const int32_t c = depthwise ? o / (w->out_c / w->in_c) : k % w->in_c;
            const int32_t tap = depthwise ? k : k / w->in_c;
            const int32_t index = tap_index(w, y, x, tap / w->k_w, tap % w->k_w, c);
            if (index >= 0) {
                expected += in[index] * (depthwise ? weights[k * w->out_c + o] : weights[o * per_filter + k]);
            }
        }
        expected += bias ? bias[o] : 0.0f;
        expected = expected < p.act_min ? p.act_min : expected > p.act_max ? p.act_max : expected;
        CHECK(memcmp(&out[at], &expected, sizeof expected) == 0, "depthwise %d, output %d: %a, not %a", depthwise, (int)at,
              (double)out[at], (double)expected);
    }
    free(in), free(weights), free(bias), free(out);
}

static void one_pooling(void)
{
    const hil_nn_window w = random_window(1, 0);
    const hil_nn_pool_s8_params p8 = {w, (int8_t)between(-128, 0), (int8_t)between(1, 127)};
    const hil_nn_conv_f32_params pf = {w, -1.0f, 2.0f};
    const int32_t n_in = w.in_h * w.in_w * w.in_c, n_out = w.out_h * w.out_w * w.out_c;
    int8_t *in8 = random_s8(n_in), *max8 = exactly(n_out, 1), *mean8 = exactly(n_out, 1);
    float *inf = random_f32(n_in), *maxf = exactly(n_out, sizeof *maxf), *meanf = exactly(n_out, sizeof *meanf);
    hil_nn_maxpool_s8(&p8, in8, max8);
    hil_nn_avgpool_s8(&p8, in8, mean8);
    const int32_t above = distance(&w, 0);
    int8_t *max_over = shared_memory(in8, n_in, n_out, above), *mean_over = shared_memory(in8, n_in, n_out, above);
    hil_nn_maxpool_s8(&p8, max_over + above, max_over);
    hil_nn_avgpool_s8(&p8, mean_over + above, mean_over);
    CHECK(!memcmp(max_over, max8, (size_t)n_out) && !memcmp(mean_over, mean8, (size_t)n_out), "%d bytes above", (int)above);
    free(max_over), free(mean_over);
    hil_nn_maxpool_f32(&pf, inf, maxf);
    hil_nn_avgpool_f32(&pf, inf, meanf);
    for (int32_t at = 0; at < n_out; ++at) {
        const int32_t c = at % w.out_c, x = at / w.out_c % w.out_w, y = at / w.out_c / w.out_w;
        int32_t count = 0, sum8 = 0, greatest8 = -128;
        float sumf = 0.0f, greatestf = -FLT_MAX;
        for (int32_t tap = 0; tap < w.k_h * w.k_w; ++tap) {
            const int32_t index = tap_index(&w, y, x, tap / w.k_w, tap % w.k_w, c);
            if (index >= 0) {
                ++count;
                sum8 += in8[index];
                greatest8 = in8[index] > greatest8 ? in8[index] : greatest8;
                sumf += inf[index];
                greatestf = inf[index] > greatestf ? inf[index] : greatestf;
            }
        }
        const int32_t away = (2 * abs(sum8) + count) / (2 * count);
        const float mean = sumf / (float)count;
        CHECK(max8[at] == oracle_clamp(greatest8, p8.act_min, p8.act_max), "output %d", (int)at);
        CHECK(mean8[at] == oracle_clamp(sum8 < 0 ? -away : away, p8.act_min, p8.act_max), "output %d", (int)at);
        CHECK(maxf[at] == (greatestf < -1.0f ? -1.0f : greatestf > 2.0f ? 2.0f : greatestf), "output %d", (int)at);
        CHECK(meanf[at] == (mean < -1.0f ? -1.0f : mean > 2.0f ? 2.0f : mean), "output %d", (int)at);
    }
    free(in8), free(max8), free(mean8), free(inf), free(maxf), free(meanf);
}

void test_windows(void)
{
    for (int i = 0; i < 300; ++i) {
        one_int8_convolution(0);
        one_int8_convolution(1);
        one_float_convolution(0);
        one_float_convolution(1);
        one_pooling();
    }
}
