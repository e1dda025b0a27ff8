/* SPDX-License-Identifier: Apache-2.0
 * The real transform of 512 values of 16 bits, as harness/data/features/_kissfft.py has it. */
#ifndef HIL_FE_KISSFFT_H
#define HIL_FE_KISSFFT_H

#include <stdint.h>

enum { FE_KISS_PAIRS = 256 };

/* In place: 256 pairs in the order of reversed digits, each to be raised by `shift` bits first, become bins 0..256; those two are 0. */
void fe_kissfft(uint32_t work[FE_KISS_PAIRS + 1], uint32_t shift, const int16_t (*twiddles)[2], const int16_t (*split)[2]);

#endif
