/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see ai_platform_interface.h. */
#ifndef NETWORK_DATA_H
#define NETWORK_DATA_H
#define AI_NETWORK_DATA_ACTIVATIONS_SIZE 16
#endif
