/* SPDX-License-Identifier: Apache-2.0
 * The layout that harness/build/elf.py reads. */
#include "identity.h"

#include <stddef.h>

#include "check.h"
#include "config.h"

static void every_field_lies_where_it_is_documented(void) {
    CHECK_EQUAL(offsetof(hil_identity_layout, magic), 0);
    CHECK_EQUAL(offsetof(hil_identity_layout, struct_version), 8);
    CHECK_EQUAL(offsetof(hil_identity_layout, size), 10);
    CHECK_EQUAL(offsetof(hil_identity_layout, protocol), 12);
    CHECK_EQUAL(offsetof(hil_identity_layout, board), 16);
    CHECK_EQUAL(offsetof(hil_identity_layout, build_id), 48);
    CHECK_EQUAL(offsetof(hil_identity_layout, engine), 88);
    CHECK_EQUAL(offsetof(hil_identity_layout, model_sha256), 120);
    CHECK_EQUAL(offsetof(hil_identity_layout, weights_sha256), 152);
    CHECK_EQUAL(offsetof(hil_identity_layout, input_bytes), 184);
    CHECK_EQUAL(offsetof(hil_identity_layout, output_bytes), 188);
    CHECK_EQUAL(offsetof(hil_identity_layout, image_sha256), 192);
    CHECK_EQUAL(sizeof(hil_identity_layout), HIL_IDENTITY_BYTES);
}

static void it_says_what_was_built(void) {
    CHECK_BYTES(hil_identity.magic, "HILIDENT", 8);
    CHECK_EQUAL(hil_identity.struct_version, 2);
    CHECK_EQUAL(hil_identity.size, 224);
    CHECK_EQUAL(hil_identity.protocol, 2);
    CHECK_BYTES(hil_identity.board, "test", 5);
    CHECK_BYTES(hil_identity.build_id, HIL_BUILD_ID, 40);
    CHECK_BYTES(hil_identity.engine, "sums", 5);
    CHECK_EQUAL(hil_identity.model_sha256[0], 0xA1);
    CHECK_EQUAL(hil_identity.input_bytes, 40);
    CHECK_EQUAL(hil_identity.output_bytes, 8);
}

int main(void) {
    every_field_lies_where_it_is_documented();
    it_says_what_was_built();
    return checks_result();
}
