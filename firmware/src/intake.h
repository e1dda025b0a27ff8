/* SPDX-License-Identifier: Apache-2.0
 * What a sample of the wire is to this firmware: all inputs of the network (intake.c), or one hop of a recording (stream.c, with
 * HIL_STREAM defined by the build). The server knows no more of it than this. */
#ifndef HIL_INTAKE_H
#define HIL_INTAKE_H

#include <stdint.h>

#include "engine.h"
#include "results.h"
#include "slots.h"

/* After compute_start(). NULL when samples can be taken, else what is wrong, in a few words. */
const char *intake_start(void);

/* A session begins: what earlier ones have left behind means nothing any more. */
void intake_reset(void);

/* The tensors of a sample and of its result, as HELLO tells them. */
uint32_t intake_n_inputs(void);
uint32_t intake_n_outputs(void);
const hil_tensor *intake_input(uint32_t i);
const hil_tensor *intake_output(uint32_t i);

/* HIL_WIRE_CAP_* beside those of any firmware. */
uint32_t intake_capabilities(void);

/* The complete slot to run next, NULL when none may. */
slot *intake_next(void);

/* Computes a complete slot; fills in all of `r` but its sample. */
void intake_run(const slot *s, result *r);

#endif
