/* SPDX-License-Identifier: Apache-2.0
 * A recording in place of the microphone or the sensor: each sample of the wire is one hop of it. The board puts the hops together to
 * windows, computes features, runs the network and decides, as the product would; see "Recordings" in SPEC.md. */
#ifndef HIL_STREAM_H
#define HIL_STREAM_H

#include <stdint.h>

/* Answers a FRONT_END_REQUEST, which has no body. */
void stream_describe(const uint8_t *body, uint32_t n);

#endif
