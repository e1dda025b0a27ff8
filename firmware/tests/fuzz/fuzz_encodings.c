/* SPDX-License-Identifier: Apache-2.0
 * What encoding_fits() accepts decodes into exactly the bytes that it was asked about.
 * Input: encoding (1 byte), size (2 bytes), then the data. */
#include <string.h>

#include "fuzz.h"
#include "wire/bytes.h"
#include "wire/encodings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3) {
        return 0;
    }
    uint8_t encoding = data[0] & 7u; /* some that there are not, too */
    uint32_t wanted = get_u16(&data[1]) % 2049u;
    uint32_t n = (uint32_t)size - 3u;
    uint8_t *encoded = malloc(n != 0 ? n : 1); /* exact copies, so that the sanitizer sees the first byte behind */
    uint8_t *decoded = malloc(wanted != 0 ? wanted : 1);
    MUST(encoded != NULL && decoded != NULL);
    memcpy(encoded, &data[3], n);
    if (encoding_fits(encoding, encoded, n, wanted)) {
        MUST(encoding_known(encoding));
        memset(decoded, 0xA5, wanted);
        encoding_decode(encoding, encoded, n, wanted, decoded);
        /* Of differences a width more or less, of no bits, may stand for another size. */
        if (encoding != HIL_ENCODING_DIFFERENCES) {
            MUST(!encoding_fits(encoding, encoded, n, wanted + 1u));
            MUST(wanted == 0 || !encoding_fits(encoding, encoded, n, wanted - 1u));
        }
    }
    free(encoded);
    free(decoded);
    return 0;
}
