/* SPDX-License-Identifier: Apache-2.0
 * What zero_runs_fit() accepts decodes into exactly the bytes that it was asked about. Input: size (2 bytes), then the data. */
#include <string.h>

#include "fuzz.h"
#include "wire/bytes.h"
#include "wire/zero_runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    uint32_t wanted = get_u16(data) % 2049u;
    uint32_t n = (uint32_t)size - 2u;
    uint8_t *encoded = malloc(n != 0 ? n : 1); /* exact copies, so that the sanitizer sees the first byte behind */
    uint8_t *decoded = malloc(wanted != 0 ? wanted : 1);
    MUST(encoded != NULL && decoded != NULL);
    memcpy(encoded, &data[2], n);
    if (zero_runs_fit(encoded, n, wanted)) {
        memset(decoded, 0xA5, wanted);
        zero_runs_decode(encoded, n, decoded);
        MUST(!zero_runs_fit(encoded, n, wanted + 1u));
        MUST(wanted == 0 || !zero_runs_fit(encoded, n, wanted - 1u));
    }
    free(encoded);
    free(decoded);
    return 0;
}
