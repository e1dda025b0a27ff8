/* SPDX-License-Identifier: Apache-2.0
 * What the engine's kernels are made of, each with operands that tell a wrong emulator: harness/bench/selftest.py puts three
 * words in front (stack, entry, where the results go) and says what must come out. No address is in it. */
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .text
    .balign 4
    .global selftest
    .thumb_func
selftest:
    ldr.w   r7, [pc, #-8]           /* the word in front */
    movw    r0, #0xed88             /* CPACR: the FPU is off after a reset */
    movt    r0, #0xe000
    ldr     r1, [r0]
    orr     r1, r1, #0xf00000
    str     r1, [r0]
    dsb
    isb

    adr     r6, operands
    ldmia   r6!, {r0, r1}           /* the larger of signed bytes: max-pool */
    ssub8   r2, r0, r1
    sel     r2, r0, r1
    stmia   r7!, {r2}
    ldmia   r6!, {r0, r1}
    ssub8   r2, r0, r1
    sel     r2, r0, r1
    stmia   r7!, {r2}

    ldmia   r6!, {r0, r1}           /* bytes to halfwords: convolution, dense */
    sxtb16  r2, r0
    stmia   r7!, {r2}
    sxtb16  r2, r0, ror #8
    stmia   r7!, {r2}
    sxtab16 r2, r1, r0
    stmia   r7!, {r2}
    sxtab16 r2, r1, r0, ror #8
    stmia   r7!, {r2}

    ldmia   r6!, {r0, r1, r2}       /* two products and a sum */
    smlad   r3, r0, r1, r2
    stmia   r7!, {r3}
    pkhbt   r3, r0, r1, lsl #16
    stmia   r7!, {r3}
    smull   r3, r4, r0, r1          /* the rescaling's 64-bit product */
    stmia   r7!, {r3, r4}
    ssat    r3, #8, r0
    stmia   r7!, {r3}
    ssat    r3, #8, r2
    stmia   r7!, {r3}
    sdiv    r3, r0, r2
    stmia   r7!, {r3}
    clz     r3, r0
    stmia   r7!, {r3}

    vldmia  r6!, {s0, s1, s2}       /* single precision */
    vmov.f32 s3, s2
    vfma.f32 s3, s0, s1
    vstmia  r7!, {s3}
    vdiv.f32 s3, s0, s1
    vstmia  r7!, {s3}
    vsqrt.f32 s3, s0
    vstmia  r7!, {s3}
    vcvt.s32.f32 s3, s2
    vstmia  r7!, {s3}
    vcmp.f32 s2, s0
    vmrs    APSR_nzcv, fpscr
    ite     lt
    movlt   r0, #1
    movge   r0, #2
    stmia   r7!, {r0}

    movw    r0, #0x6c69             /* it came to the end: "hil!" */
    movt    r0, #0x2168
    str     r0, [r7]
rest:
    wfi
    b       rest

    .balign 4
operands:
    .word   0x7f837f05, 0x808301fb
    .word   0x01fb8000, 0x7f05ff80
    .word   0x807f01fe, 0x7fff8000
    .word   0x7fff8003, 0x8001fffd, 0xfffffc18
    .word   0x40490fdb, 0x3f9d70a4, 0xc2f6e979   /* pi, 1.23, -123.456 */
