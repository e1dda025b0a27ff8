/* SPDX-License-Identifier: Apache-2.0
 * The decision rules, one command a line on standard input, one answer a line on standard output; the names of the commands are those of
 * the functions. harness/tests/firmware/test_firmware_decisions.py compares the answers with the NumPy side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hil_decide.h"

enum { MOST = 512 };

static hil_gate_params gate_params;
static hil_gate gate;
static hil_majority majority;
static hil_average_params average_params;
static hil_average average;
static hil_sliding_params sliding_params;
static hil_sliding sliding;
static uint32_t *memory;

/* DTYPE N SCALE ZERO VALUES... as a tensor of its own size on the heap: the sanitizer sees a read beyond. */
static hil_tensor read_tensor(void)
{
    unsigned dtype, n;
    hil_tensor tensor = {.ndim = 1};
    if (scanf("%u %u %f %d", &dtype, &n, &tensor.scale, &tensor.zero_point) != 4) {
        exit(2);
    }
    tensor.dtype = (uint8_t)dtype;
    tensor.dim[0] = (uint16_t)n;
    tensor.data = malloc(n * (dtype == HIL_F32 ? 4u : 1u));
    for (unsigned i = 0; i < n; ++i) {
        float value;
        if (scanf("%f", &value) != 1) {
            exit(2);
        }
        if (dtype == HIL_F32) {
            ((float *)tensor.data)[i] = value;
        } else if (dtype == HIL_S8) {
            ((int8_t *)tensor.data)[i] = (int8_t)value;
        } else {
            ((uint8_t *)tensor.data)[i] = (uint8_t)value;
        }
    }
    return tensor;
}

static int window(void)
{
    static int16_t samples[MOST];
    uint32_t n;
    if (scanf("%u", &n) != 1 || n > MOST) {
        exit(2);
    }
    for (uint32_t i = 0; i < n; ++i) {
        if (scanf("%hd", &samples[i]) != 1) {
            exit(2);
        }
    }
    return hil_gate_step(&gate_params, &gate, samples, n);
}

int main(void)
{
    char command[16];
    while (scanf("%15s", command) == 1) {
        int a, b, ok = 1;
        if (!strcmp(command, "threshold")) {
            hil_threshold_params params;
            ok = scanf("%d %d %lf", &a, &b, &params.above) == 3;
            params.thresholded = (uint8_t)a;
            params.inclusive = (uint8_t)b;
            const hil_tensor tensor = read_tensor();
            printf("%d\n", (int)hil_threshold(&params, &tensor));
            free(tensor.data);
        } else if (!strcmp(command, "gate")) {
            ok = scanf("%d %u", &gate_params.threshold, &gate_params.backoff) == 2;
            hil_gate_reset(&gate);
        } else if (!strcmp(command, "window")) {
            printf("%d\n", window());
        } else if (!strcmp(command, "majority")) {
            hil_majority_reset(&majority);
        } else if (!strcmp(command, "vote")) {
            ok = scanf("%d %d", &a, &b) == 2;
            printf("%d\n", (int)hil_majority_step(&majority, (uint32_t)a, b));
        } else if (!strcmp(command, "average")) {
            hil_average_params *const p = &average_params;
            ok = scanf("%u %u %u %u %u %d %d", &p->classes, &p->capacity, &p->average_ms, &p->suppression_ms, &p->minimum_count,
                       &p->threshold, &p->background) == 7;
            free(memory);
            memory = malloc(HIL_AVERAGE_BYTES(p->classes, p->capacity));
            hil_average_reset(p, &average);
        } else if (!strcmp(command, "result")) {
            ok = scanf("%d", &a) == 1;
            const hil_tensor tensor = read_tensor();
            const hil_detection d = hil_average_step(&average_params, &average, memory, &tensor, (uint32_t)a);
            printf("%d %d %d\n", (int)d.found, (int)d.score, (int)d.is_new);
            free(tensor.data);
        } else if (!strcmp(command, "sliding")) {
            hil_sliding_params *const p = &sliding_params;
            ok = scanf("%u %u %u %u %d", &p->classes, &p->background, &p->over, &p->rest, &p->threshold) == 5;
            free(memory);
            memory = malloc(HIL_SLIDING_BYTES(p->classes, p->over));
            hil_sliding_reset(p, &sliding);
        } else if (!strcmp(command, "next")) {
            const hil_tensor tensor = read_tensor();
            const hil_detection d = hil_sliding_step(&sliding_params, &sliding, memory, &tensor);
            printf("%d %d %d\n", (int)d.found, (int)d.score, (int)d.is_new);
            free(tensor.data);
        } else {
            ok = 0;
        }
        if (!ok) {
            return 2;
        }
    }
    free(memory);
    return 0;
}
