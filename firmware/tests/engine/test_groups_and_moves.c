/* SPDX-License-Identifier: Apache-2.0
 * Grouped and transposed convolution over random geometries, and operators that walk over several axes, each against the plainest
 * loops. Buffers have exactly the size that the contract needs: the address sanitizer sees the first access beyond. */
#include <string.h>

#include "check.h"
#include "hil_nn.h"
#include "oracle.h"

static uint32_t seed = 23;

static int32_t between(int32_t low, int32_t high)
{
    return random_between(&seed, low, high);
}

static int8_t *random_s8(int32_t n)
{
    int8_t *values = exactly(n, 1);
    for (int32_t i = 0; i < n; ++i) {
        values[i] = (int8_t)between(-128, 127);
    }
    return values;
}

static hil_nn_window random_window(void)
{
    hil_nn_window w = {0};
    w.in_h = (uint16_t)between(1, 6);
    w.in_w = (uint16_t)between(1, 6);
    w.k_h = (uint16_t)between(1, 4);
    w.k_w = (uint16_t)between(1, 4);
    w.stride_h = (uint8_t)between(1, 3);
    w.stride_w = (uint8_t)between(1, 3);
    w.pad_top = (uint16_t)between(0, w.k_h - 1);
    w.pad_left = (uint16_t)between(0, w.k_w - 1);
    return w;
}

/* One output channel at a time, with the same requantisation for all. */
static void compare(const char *what, const hil_nn_conv_s8_params *p, const int32_t *acc, const int8_t *out, int32_t multiplier,
                    int8_t shift)
{
    const hil_nn_window *w = &p->window;
    for (int32_t i = 0; i < w->out_h * w->out_w * w->out_c; ++i) {
        const int32_t expected = oracle_clamp((int64_t)oracle_rescale(acc[i], multiplier, shift) + p->out_offset, p->act_min, p->act_max);
        CHECK(out[i] == expected, "%s, value %d: %d instead of %d", what, (int)i, out[i], (int)expected);
    }
}

static void one_transposed_convolution(void)
{
    hil_nn_conv_s8_params p = {random_window(), between(-127, 128), between(-128, 127), -128, 127, 0};
    hil_nn_window *w = &p.window;
    w->dilation_h = w->dilation_w = 1;
    w->in_c = (uint16_t)between(1, 4);
    w->out_c = (uint16_t)between(1, 4);
    w->out_h = (uint16_t)between(1, (w->in_h - 1) * w->stride_h + w->k_h + 2);
    w->out_w = (uint16_t)between(1, (w->in_w - 1) * w->stride_w + w->k_w + 2);
    const int32_t n_out = w->out_h * w->out_w * w->out_c;
    int8_t *in = random_s8(w->in_h * w->in_w * w->in_c);
    int8_t *weights = random_s8(w->out_c * w->k_h * w->k_w * w->in_c);
    int8_t *out = exactly(n_out, 1);
    int32_t *acc = exactly(n_out, 4);
    int32_t multiplier[4];
    int8_t shift[4];
    memset(acc, 0, (size_t)n_out * 4u);
    for (int32_t o = 0; o < w->out_c; ++o) {
        multiplier[o] = (1 << 30) + 12345;
        shift[o] = -8;
    }
    for (int32_t y = 0; y < w->in_h; ++y) { /* scattered, as the operator is defined */
        for (int32_t x = 0; x < w->in_w; ++x) {
            for (int32_t i = 0; i < w->k_h; ++i) {
                for (int32_t j = 0; j < w->k_w; ++j) {
                    const int32_t oy = y * w->stride_h - w->pad_top + i, ox = x * w->stride_w - w->pad_left + j;
                    if (oy < 0 || oy >= w->out_h || ox < 0 || ox >= w->out_w) {
                        continue;
                    }
                    for (int32_t o = 0; o < w->out_c; ++o) {
                        for (int32_t c = 0; c < w->in_c; ++c) {
                            acc[(oy * w->out_w + ox) * w->out_c + o] += (in[(y * w->in_w + x) * w->in_c + c] + p.in_offset) *
                                                                        weights[((o * w->k_h + i) * w->k_w + j) * w->in_c + c];
                        }
                    }
                }
            }
        }
    }
    hil_nn_transpose_conv_s8(&p, in, weights, 0, multiplier, shift, out);
    compare("transposed", &p, acc, out, multiplier[0], shift[0]);
    free(in);
    free(weights);
    free(out);
    free(acc);
}

static void one_grouped_convolution(void)
{
    hil_nn_grouped_conv_s8_params p = {{random_window(), between(-127, 128), between(-128, 127), -128, 127, 0}, (uint32_t)between(1, 3)};
    hil_nn_window *w = &p.conv.window;
    const int32_t groups = (int32_t)p.groups, depth = between(1, 3), filters = between(1, 3);
    w->dilation_h = (uint8_t)between(1, 2);
    w->dilation_w = (uint8_t)between(1, 2);
    w->in_c = (uint16_t)(groups * depth);
    w->out_c = (uint16_t)(groups * filters);
    w->out_h = (uint16_t)((w->in_h + w->pad_top - 1) / w->stride_h + 1);
    w->out_w = (uint16_t)((w->in_w + w->pad_left - 1) / w->stride_w + 1);
    const int32_t n_out = w->out_h * w->out_w * w->out_c;
    int8_t *in = random_s8(w->in_h * w->in_w * w->in_c);
    int8_t *weights = random_s8(w->out_c * w->k_h * w->k_w * depth);
    int8_t *out = exactly(n_out, 1);
    int32_t *acc = exactly(n_out, 4);
    int32_t multiplier[9];
    int8_t shift[9];
    for (int32_t o = 0; o < 9; ++o) {
        multiplier[o] = (1 << 30) + 777;
        shift[o] = -9;
    }
    for (int32_t n = 0; n < n_out; ++n) {
        const int32_t o = n % w->out_c, x = n / w->out_c % w->out_w, y = n / w->out_c / w->out_w;
        acc[n] = 0;
        for (int32_t tap = 0; tap < w->k_h * w->k_w * depth; ++tap) {
            const int32_t c = tap % depth, j = tap / depth % w->k_w, i = tap / depth / w->k_w;
            const int32_t iy = y * w->stride_h - w->pad_top + i * w->dilation_h, ix = x * w->stride_w - w->pad_left + j * w->dilation_w;
            if (iy >= 0 && iy < w->in_h && ix >= 0 && ix < w->in_w) {
                acc[n] += (in[(iy * w->in_w + ix) * w->in_c + o / filters * depth + c] + p.conv.in_offset) *
                          weights[o * w->k_h * w->k_w * depth + tap];
            }
        }
    }
    hil_nn_grouped_conv_s8(&p, in, weights, 0, multiplier, shift, out);
    compare("grouped", &p.conv, acc, out, multiplier[0], shift[0]);
    free(in);
    free(weights);
    free(out);
    free(acc);
}

/* A 2 x 3 matrix turned into 3 x 2 inside a border, in both widths; read backwards. */
static void copies(void)
{
    const int8_t in8[6] = {1, 2, 3, 4, 5, 6};
    const int32_t in32[6] = {10, 20, 30, 40, 50, 60};
    const int32_t expected[12] = {9, 9, 9, 9, 1, 4, 9, 2, 5, 9, 3, 6};
    hil_nn_copy_params p = {1, 12, 9, 0, 4, {1, 1, 1, 1, 3, 2}, {0, 0, 0, 0, 1, 3}, {0, 0, 0, 0, 3, 1}};
    int8_t *out8 = exactly(12, 1);
    int32_t *out32 = exactly(12, 4);
    hil_nn_copy(&p, in8, out8);
    p.width = 4;
    hil_nn_copy(&p, in32, out32);
    for (int i = 0; i < 12; ++i) {
        CHECK(out8[i] == expected[i], "value %d is %d", i, out8[i]);
        CHECK(out32[i] == (expected[i] == 9 ? 9 : 10 * expected[i]), "value %d is %d", i, (int)out32[i]);
    }
    const hil_nn_copy_params backwards = {1, 0, 0, 5, 0, {1, 1, 1, 1, 1, 3}, {0, 0, 0, 0, 0, -2}, {0, 0, 0, 0, 0, 1}};
    hil_nn_copy(&backwards, in8, out8);
    CHECK(out8[0] == 6 && out8[1] == 4 && out8[2] == 2, "%d %d %d", out8[0], out8[1], out8[2]);

    const int8_t more[2] = {7, 8};
    const void *const sources[2] = {in8, more};
    const int32_t bytes[2] = {3, 1};
    const hil_nn_concat_params rows = {2, 2};
    int8_t *joined = exactly(8, 1);
    hil_nn_concat(&rows, sources, bytes, joined);
    const int8_t whole[8] = {1, 2, 3, 7, 4, 5, 6, 8};
    CHECK(memcmp(joined, whole, sizeof whole) == 0, "pieces are in another order");
    free(out8);
    free(out32);
    free(joined);
}

/* [2][1][3] with [1][2][1] gives [2][2][3]. */
static void broadcasts_and_reductions(void)
{
    const hil_nn_pairs pairs = {{1, 2, 2, 3}, {0, 3, 0, 1}, {0, 0, 1, 0}};
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[2] = {10, 20};
    const hil_nn_binary_f32_params minus = {pairs, -1.0f, -15.0f, 100.0f};
    float *out = exactly(12, 4);
    hil_nn_add_f32(&minus, a, b, out);
    const float expected[12] = {-9, -8, -7, -15, -15, -15, -6, -5, -4, -15, -15, -14};
    for (int i = 0; i < 12; ++i) {
        CHECK(out[i] == expected[i], "value %d is %g", i, (double)out[i]);
    }
    const int8_t a8[6] = {-128, -1, 0, 1, 50, 127}, b8[2] = {-128, 127};
    const hil_nn_mul_s8_params times = {pairs, 128, 1, -3, 1 << 30, -5, -100, 90};
    int8_t *out8 = exactly(12, 1);
    hil_nn_mul_s8(&times, a8, b8, out8);
    for (int i = 0; i < 12; ++i) {
        const int32_t product = (a8[i / 6 * 3 + i % 3] + 128) * (b8[i / 3 % 2] + 1);
        const int32_t wanted = oracle_clamp((int64_t)oracle_rescale(product, 1 << 30, -5) - 3, -100, 90);
        CHECK(out8[i] == wanted, "value %d is %d instead of %d", i, out8[i], (int)wanted);
    }
    const hil_nn_mean_f32_params columns = {{{1, 1, 1, 3}, {0, 0, 0, 1}, {1, 1, 1, 2}, {0, 0, 0, 3}}};
    hil_nn_mean_f32(&columns, a, out);
    CHECK(out[0] == 2.5f && out[1] == 3.5f && out[2] == 4.5f, "%g %g %g", (double)out[0], (double)out[1], (double)out[2]);
    const hil_nn_arg_max_params rows = {2, 3, 1, 0}, least = {1, 2, 3, 1};
    int32_t *index = exactly(3, 4);
    hil_nn_arg_max_s8(&rows, a8, index);
    CHECK(index[0] == 2 && index[1] == 2, "%d %d", (int)index[0], (int)index[1]);
    hil_nn_arg_max_s8(&least, a8, index);
    CHECK(index[0] == 0 && index[1] == 0 && index[2] == 0, "%d %d %d", (int)index[0], (int)index[1], (int)index[2]);
    free(out);
    free(out8);
    free(index);
}

void test_groups_and_moves(void)
{
    for (int i = 0; i < 300; ++i) {
        one_transposed_convolution();
        one_grouped_convolution();
    }
    copies();
    broadcasts_and_reductions();
}
