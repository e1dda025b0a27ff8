/* SPDX-License-Identifier: Apache-2.0
 * The real transform of 512 values of 16 bits of the smart lock's MFCC. */
#ifndef HIL_FE_LOCK_FFT_H
#define HIL_FE_LOCK_FFT_H

#include <stdint.h>

/* In place: 256 pairs in their own order become bins 0..256; 0 and 128 stay as the complex transform leaves them, 256 is 0.
 * sines: [384] of 512 steps. */
void fe_lock_fft(uint32_t *work, const int16_t *sines);

#endif
