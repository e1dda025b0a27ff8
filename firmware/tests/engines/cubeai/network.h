/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see ai_platform_interface.h. */
#ifndef NETWORK_H
#define NETWORK_H

#include "ai_platform_interface.h"

ai_error ai_network_create_and_init(ai_handle *network, const ai_handle activations[], const ai_handle weights[]);
ai_buffer *ai_network_inputs_get(ai_handle network, ai_u16 *n_buffer);
ai_buffer *ai_network_outputs_get(ai_handle network, ai_u16 *n_buffer);
ai_i32 ai_network_run(ai_handle network, const ai_buffer *input, ai_buffer *output);

#endif
