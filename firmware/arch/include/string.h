/* SPDX-License-Identifier: Apache-2.0
 * What arch/mem.c has of it. A freestanding compiler brings no string.h. */
#ifndef HIL_ARCH_STRING_H
#define HIL_ARCH_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
