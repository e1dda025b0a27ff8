/* SPDX-License-Identifier: Apache-2.0
 * As harness/run/played/config.py writes it: hops of two instants, the last decision counts, class 0 is nothing to tell of. */
#ifndef HIL_STREAM_CONFIG_H
#define HIL_STREAM_CONFIG_H

#define HIL_STREAM_HOP 2u
#define HIL_STREAM_HOP_BYTES 4u
#define HIL_STREAM_EVERY 1u
#define HIL_STREAM_GATE {10, 0u}
#define HIL_STREAM_RULE_BYTES 0u
#define HIL_STREAM_RULE {HIL_RULE_MAJORITY, 0x00000001u, {0, 0, 0.0}, 1u, 5000u, {1u, 1u, 1u, 0u, 1u, 255, 0}, {1u, 0u, 1u, 0u, 255}}
#define HIL_STREAM_RULE_TEXT "most of 1"

#endif
