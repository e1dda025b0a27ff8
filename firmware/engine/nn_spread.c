/* SPDX-License-Identifier: Apache-2.0
 * Moves that need more than steps: elements found through tables or through indices computed at run time. */
#include "nn_typed.h"

void hil_nn_copy_s16(const hil_nn_copy_params *params, const void *in, void *out)
{
    const int16_t *const from = in;
    int16_t *const to = out;
    for (uint32_t i = 0; i < params->fill_elements; ++i) {
        to[i] = (int16_t)params->fill;
    }
    uint32_t index[HIL_NN_COPY_AXES] = {0};
    int32_t at_in = params->in_start, at_out = params->out_start, axis = 0;
    while (axis >= 0) {
        to[at_out] = from[at_in];
        for (axis = HIL_NN_COPY_AXES - 1; axis >= 0; --axis) { /* counts like an odometer */
            at_in += params->in_step[axis];
            at_out += params->out_step[axis];
            if (++index[axis] < params->extent[axis]) {
                break;
            }
            at_in -= (int32_t)params->extent[axis] * params->in_step[axis];
            at_out -= (int32_t)params->extent[axis] * params->out_step[axis];
            index[axis] = 0;
        }
    }
}

NN_INLINE void move_bytes(const uint8_t *from, uint8_t *to, uint32_t n)
{
    NN_ROLLED
    for (uint32_t i = 0; i < n; ++i) {
        to[i] = from[i];
    }
}

void hil_nn_spread(const hil_nn_spread_params *params, const void *in, const int32_t *offsets, void *out)
{
    const int32_t *const along1 = offsets + params->extent[0];
    const int32_t *const along2 = along1 + params->extent[1];
    const int32_t *const along3 = along2 + params->extent[2];
    const uint8_t *const from = in;
    uint8_t *to = out;
    for (uint32_t i = 0; i < params->extent[0]; ++i) {
        for (uint32_t j = 0; j < params->extent[1]; ++j) {
            for (uint32_t k = 0; k < params->extent[2]; ++k) {
                const uint8_t *const row = from + offsets[i] + along1[j] + along2[k];
                for (uint32_t l = 0; l < params->extent[3]; ++l, to += params->bytes) {
                    move_bytes(row + along3[l], to, params->bytes);
                }
            }
        }
    }
}

void hil_nn_rows(const hil_nn_rows_params *params, const void *in, const int32_t *offsets, void *out)
{
    uint8_t *to = out;
    for (uint32_t row = 0; row < params->rows; ++row, to += params->bytes) {
        if (offsets[row] >= 0) {
            move_bytes((const uint8_t *)in + offsets[row], to, params->bytes);
        } else {
            for (uint32_t i = 0; i < params->bytes; ++i) {
                to[i] = (uint8_t)params->fill;
            }
        }
    }
}

void hil_nn_gather(const hil_nn_gather_params *params, const void *in, const int32_t *indices, void *out)
{
    const uint8_t *from = in;
    uint8_t *to = out;
    for (uint32_t b = 0; b < params->batches; ++b, indices += params->count) {
        for (uint32_t o = 0; o < params->outer; ++o, from += params->axis * params->bytes) {
            for (uint32_t i = 0; i < params->count; ++i, to += params->bytes) {
                const int32_t index = nn_clamp_s32(indices[i], 0, (int32_t)params->axis - 1);
                move_bytes(from + (uint32_t)index * params->bytes, to, params->bytes);
            }
        }
    }
}

void hil_nn_update(const hil_nn_update_params *params, const void *in, const void *update, const int32_t *start, void *out)
{
    enum { LAST = HIL_NN_COPY_AXES - 1 };
    uint32_t at[HIL_NN_COPY_AXES] = {0}, step[HIL_NN_COPY_AXES], offset = 0;
    uint32_t jump = params->bytes;
    for (int axis = LAST; axis >= 0; --axis) {
        const int given = axis - (HIL_NN_COPY_AXES - (int)params->rank);
        const int32_t room = (int32_t)(params->whole[axis] - params->extent[axis]);
        offset += given < 0 ? 0 : (uint32_t)nn_clamp_s32(start[given], 0, room) * jump;
        step[axis] = jump;
        jump *= params->whole[axis];
    }
    move_bytes(in, out, params->elements * params->bytes);
    const uint32_t row = params->extent[LAST] * params->bytes;
    const uint8_t *from = update;
    uint8_t *to = (uint8_t *)out + offset;
    int axis = 0;
    while (axis >= 0) {
        move_bytes(from, to, row);
        from += row;
        for (axis = LAST - 1; axis >= 0; --axis) { /* counts like an odometer */
            to += step[axis];
            if (++at[axis] < params->extent[axis]) {
                break;
            }
            to -= params->extent[axis] * step[axis];
            at[axis] = 0;
        }
    }
}

/* Towards zero; what int32 cannot hold becomes its least value, as on x86. */
NN_INLINE int32_t whole(float x)
{
    return x >= -2147483648.0f && x < 2147483648.0f ? (int32_t)x : INT32_MIN;
}

void hil_nn_cast(const hil_nn_cast_params *params, const void *in, void *out)
{
    const float *const from = in;
    float *const to = out;
    for (uint32_t i = 0; i < params->elements; ++i) {
        if (params->out_type == HIL_NN_F32) {
            to[i] = params->in_type == HIL_NN_F32 ? from[i] : (float)nn_load(in, params->in_type, i);
        } else if (params->out_type == HIL_NN_BOOL) {
            nn_store(out, HIL_NN_BOOL, i, params->in_type == HIL_NN_F32 ? from[i] != 0.0f : nn_load(in, params->in_type, i) != 0);
        } else {
            nn_store(out, params->out_type, i, params->in_type == HIL_NN_F32 ? whole(from[i]) : nn_load(in, params->in_type, i));
        }
    }
}

void hil_nn_add_n_f32(const hil_nn_add_n_params *params, const void *const *in, float *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        float sum = 0.0f;
        for (uint32_t n = 0; n < params->inputs; ++n) {
            sum += ((const float *)in[n])[i];
        }
        out[i] = sum;
    }
}

void hil_nn_add_n_s32(const hil_nn_add_n_params *params, const void *const *in, int32_t *out)
{
    for (uint32_t i = 0; i < params->elements; ++i) {
        uint32_t sum = 0;
        for (uint32_t n = 0; n < params->inputs; ++n) {
            sum += (uint32_t)((const int32_t *)in[n])[i];
        }
        out[i] = (int32_t)sum;
    }
}
