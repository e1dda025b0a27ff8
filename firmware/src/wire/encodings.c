/* SPDX-License-Identifier: Apache-2.0 */
#include "encodings.h"

#include <string.h>

#include "differences.h"
#include "runs.h"

bool encoding_known(uint8_t encoding) {
    return encoding <= HIL_ENCODING_DIFFERENCES;
}

bool encoding_fits(uint8_t encoding, const uint8_t *data, uint32_t n, uint32_t size) {
    switch (encoding) {
    case HIL_ENCODING_RAW:
        return n == size;
    case HIL_ENCODING_ZERO_RUNS:
        return runs_fit(data, n, size);
    case HIL_ENCODING_FILL_RUNS:
        return n != 0 && runs_fit(&data[1], n - 1u, size);
    case HIL_ENCODING_DIFFERENCES:
        return differences_fit(data, n, size);
    default:
        return false;
    }
}

void encoding_decode(uint8_t encoding, const uint8_t *data, uint32_t n, uint32_t size, uint8_t *to) {
    switch (encoding) {
    case HIL_ENCODING_ZERO_RUNS:
        runs_decode(data, n, 0, to);
        break;
    case HIL_ENCODING_FILL_RUNS:
        runs_decode(&data[1], n - 1u, data[0], to);
        break;
    case HIL_ENCODING_DIFFERENCES:
        differences_decode(data, size, to);
        break;
    default:
        memcpy(to, data, size);
        break;
    }
}
