/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see stai.h. */
#ifndef STAI_NETWORK_H
#define STAI_NETWORK_H

#include "stai.h"

#define STAI_NETWORK_CONTEXT_SIZE 64
#define STAI_NETWORK_CONTEXT_DECLARE(name, size) static stai_network name[size] __attribute__((aligned(8)));
#define STAI_NETWORK_ACTIVATIONS_NUM 1
#define STAI_NETWORK_ACTIVATIONS_SIZE_BYTES 16
#define STAI_NETWORK_IN_NUM 1
#define STAI_NETWORK_OUT_NUM 1
#define STAI_NETWORK_IN_SIZES_BYTES {8}
#define STAI_NETWORK_OUT_SIZES_BYTES {4}

stai_return_code stai_network_init(stai_network *network);
stai_return_code stai_network_set_activations(stai_network *network, const stai_ptr *activations, stai_size n);
stai_return_code stai_network_get_inputs(stai_network *network, stai_ptr *inputs, stai_size *n);
stai_return_code stai_network_get_outputs(stai_network *network, stai_ptr *outputs, stai_size *n);
stai_return_code stai_network_set_inputs(stai_network *network, const stai_ptr *inputs, stai_size n);
stai_return_code stai_network_set_outputs(stai_network *network, const stai_ptr *outputs, stai_size n);
stai_return_code stai_network_set_callback(stai_network *network, const stai_event_cb cb, void *cb_cookie);
stai_return_code stai_network_run(stai_network *network, const stai_run_mode mode);

#endif
