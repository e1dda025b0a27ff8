/* SPDX-License-Identifier: Apache-2.0
 * What the image says of itself, in the ELF section .hil_identity and in flash: read before flashing by harness/build/elf.py.
 * The layout is part of that contract; integers are little endian, text is padded with zeros and not terminated. */
#ifndef HIL_IDENTITY_H
#define HIL_IDENTITY_H

#include <stdint.h>

enum { HIL_IDENTITY_VERSION = 2, HIL_IDENTITY_BYTES = 224 };

typedef struct {
    char magic[8];              /*   0  "HILIDENT" */
    uint16_t struct_version;    /*   8  HIL_IDENTITY_VERSION */
    uint16_t size;              /*  10  HIL_IDENTITY_BYTES */
    uint8_t protocol;           /*  12  of the wire */
    uint8_t reserved[3];        /*  13 */
    char board[32];             /*  16 */
    char build_id[40];          /*  48  hex */
    char engine[32];            /*  88 */
    uint8_t model_sha256[32];   /* 120  of the model file */
    uint8_t weights_sha256[32]; /* 152  of the bytes in section .hil_model; zeros = the engine has its weights elsewhere */
    uint32_t input_bytes;       /* 184  all inputs of one sample */
    uint32_t output_bytes;      /* 188 */
    uint8_t image_sha256[32];   /* 192  of all that is flashed, this field as zeros; written after linking, zeros until then */
} hil_identity_layout;

extern const hil_identity_layout hil_identity;

#endif
