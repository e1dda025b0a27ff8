/* SPDX-License-Identifier: Apache-2.0
 * CRC-32/ISO-HDLC, the one of zlib: "123456789" gives CBF43926. */
#ifndef HIL_WIRE_CRC32_H
#define HIL_WIRE_CRC32_H

#include <stdint.h>

/* Goes on from `crc`, which is 0 for the first piece: crc32(crc32(0, a), b) is the CRC of a and b back to back. */
uint32_t crc32(uint32_t crc, const uint8_t *bytes, uint32_t n);

#endif
