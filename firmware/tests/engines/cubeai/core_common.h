/* SPDX-License-Identifier: Apache-2.0
 * Stand-in: see ai_platform_interface.h. */
#ifndef CORE_COMMON_H
#define CORE_COMMON_H

#include "ai_platform_interface.h"

#define GET_TENSOR_LIST_OUT(chain) ((chain)->out)
#define AI_FOR_EACH_TENSOR_LIST_DO(i, t, list) \
    for (ai_tensor *t, **i = (list)->tensor; i < (list)->tensor + (list)->size && (t = *i, true); i++)
#define AI_TENSOR_ARRAY_GET_DATA_ADDR(t) ((t)->data)
#define AI_TENSOR_ARRAY_BYTE_SIZE(t) ((t)->bytes)

#endif
