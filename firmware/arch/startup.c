/* SPDX-License-Identifier: Apache-2.0
 * Vectors, and the way from reset to hil_main(), for every Cortex-M. */
#include "board.h"
#include "cortex_m.h"

#include <stdint.h>

/* From cortex_m.ld. */
extern uint32_t __stack_bottom[], __stack_top[];
extern uint32_t __data_load[], __data_begin[], __data_end[];
extern uint32_t __bss_begin[], __bss_end[];

int hil_main(uint32_t seed);
void reset_handler(void);
void fault_entry(void);
void systick_handler(void);

/* What the stack is painted with, so that its high-water mark can be read. */
#define PAINT 0xA5C35A3Cu

/* FNV-1a, which mixes words as well as bytes. */
#define MIX_START 0x811C9DC5u
#define MIX_TIMES 0x01000193u

/* A board takes an interrupt by defining irq_<number>_handler; any that it does not know of is a fault like another. */
#define WEAK_IRQ(n) void irq_##n##_handler(void) __attribute__((weak, alias("fault_alias")));
void fault_alias(void) __attribute__((naked));
void fault_alias(void) {
    __asm volatile("b fault_entry");
}
WEAK_IRQ(0) WEAK_IRQ(1) WEAK_IRQ(2) WEAK_IRQ(3)
WEAK_IRQ(4) WEAK_IRQ(5) WEAK_IRQ(6) WEAK_IRQ(7)
WEAK_IRQ(8) WEAK_IRQ(9) WEAK_IRQ(10) WEAK_IRQ(11)
WEAK_IRQ(12) WEAK_IRQ(13) WEAK_IRQ(14) WEAK_IRQ(15)
WEAK_IRQ(16) WEAK_IRQ(17) WEAK_IRQ(18) WEAK_IRQ(19)
WEAK_IRQ(20) WEAK_IRQ(21) WEAK_IRQ(22) WEAK_IRQ(23)
WEAK_IRQ(24) WEAK_IRQ(25) WEAK_IRQ(26) WEAK_IRQ(27)
WEAK_IRQ(28) WEAK_IRQ(29) WEAK_IRQ(30) WEAK_IRQ(31)
WEAK_IRQ(32) WEAK_IRQ(33) WEAK_IRQ(34) WEAK_IRQ(35)
WEAK_IRQ(36) WEAK_IRQ(37) WEAK_IRQ(38) WEAK_IRQ(39)
WEAK_IRQ(40) WEAK_IRQ(41) WEAK_IRQ(42) WEAK_IRQ(43)
WEAK_IRQ(44) WEAK_IRQ(45) WEAK_IRQ(46) WEAK_IRQ(47)
WEAK_IRQ(48) WEAK_IRQ(49) WEAK_IRQ(50) WEAK_IRQ(51)
WEAK_IRQ(52) WEAK_IRQ(53) WEAK_IRQ(54) WEAK_IRQ(55)
WEAK_IRQ(56) WEAK_IRQ(57) WEAK_IRQ(58) WEAK_IRQ(59)
WEAK_IRQ(60) WEAK_IRQ(61) WEAK_IRQ(62) WEAK_IRQ(63)
WEAK_IRQ(64) WEAK_IRQ(65) WEAK_IRQ(66) WEAK_IRQ(67)
WEAK_IRQ(68) WEAK_IRQ(69) WEAK_IRQ(70) WEAK_IRQ(71)
WEAK_IRQ(72) WEAK_IRQ(73) WEAK_IRQ(74) WEAK_IRQ(75)
WEAK_IRQ(76) WEAK_IRQ(77) WEAK_IRQ(78) WEAK_IRQ(79)
WEAK_IRQ(80) WEAK_IRQ(81) WEAK_IRQ(82) WEAK_IRQ(83)
WEAK_IRQ(84) WEAK_IRQ(85) WEAK_IRQ(86) WEAK_IRQ(87)
WEAK_IRQ(88) WEAK_IRQ(89) WEAK_IRQ(90) WEAK_IRQ(91)
WEAK_IRQ(92) WEAK_IRQ(93) WEAK_IRQ(94) WEAK_IRQ(95)
WEAK_IRQ(96) WEAK_IRQ(97) WEAK_IRQ(98) WEAK_IRQ(99)
WEAK_IRQ(100) WEAK_IRQ(101) WEAK_IRQ(102) WEAK_IRQ(103)
WEAK_IRQ(104) WEAK_IRQ(105) WEAK_IRQ(106) WEAK_IRQ(107)
WEAK_IRQ(108) WEAK_IRQ(109) WEAK_IRQ(110) WEAK_IRQ(111)
WEAK_IRQ(112) WEAK_IRQ(113) WEAK_IRQ(114) WEAK_IRQ(115)
WEAK_IRQ(116) WEAK_IRQ(117) WEAK_IRQ(118) WEAK_IRQ(119)
WEAK_IRQ(120) WEAK_IRQ(121) WEAK_IRQ(122) WEAK_IRQ(123)
WEAK_IRQ(124) WEAK_IRQ(125) WEAK_IRQ(126) WEAK_IRQ(127)

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16 + 128] = {
    (vector)__stack_top, reset_handler,
    fault_entry, fault_entry, fault_entry, fault_entry, fault_entry, /* NMI, HardFault, MemManage, BusFault, UsageFault */
    0, 0, 0, 0,
    fault_entry, fault_entry, 0, fault_entry, /* SVC, DebugMonitor, -, PendSV: unused here */
    systick_handler,
    irq_0_handler, irq_1_handler, irq_2_handler, irq_3_handler,
    irq_4_handler, irq_5_handler, irq_6_handler, irq_7_handler,
    irq_8_handler, irq_9_handler, irq_10_handler, irq_11_handler,
    irq_12_handler, irq_13_handler, irq_14_handler, irq_15_handler,
    irq_16_handler, irq_17_handler, irq_18_handler, irq_19_handler,
    irq_20_handler, irq_21_handler, irq_22_handler, irq_23_handler,
    irq_24_handler, irq_25_handler, irq_26_handler, irq_27_handler,
    irq_28_handler, irq_29_handler, irq_30_handler, irq_31_handler,
    irq_32_handler, irq_33_handler, irq_34_handler, irq_35_handler,
    irq_36_handler, irq_37_handler, irq_38_handler, irq_39_handler,
    irq_40_handler, irq_41_handler, irq_42_handler, irq_43_handler,
    irq_44_handler, irq_45_handler, irq_46_handler, irq_47_handler,
    irq_48_handler, irq_49_handler, irq_50_handler, irq_51_handler,
    irq_52_handler, irq_53_handler, irq_54_handler, irq_55_handler,
    irq_56_handler, irq_57_handler, irq_58_handler, irq_59_handler,
    irq_60_handler, irq_61_handler, irq_62_handler, irq_63_handler,
    irq_64_handler, irq_65_handler, irq_66_handler, irq_67_handler,
    irq_68_handler, irq_69_handler, irq_70_handler, irq_71_handler,
    irq_72_handler, irq_73_handler, irq_74_handler, irq_75_handler,
    irq_76_handler, irq_77_handler, irq_78_handler, irq_79_handler,
    irq_80_handler, irq_81_handler, irq_82_handler, irq_83_handler,
    irq_84_handler, irq_85_handler, irq_86_handler, irq_87_handler,
    irq_88_handler, irq_89_handler, irq_90_handler, irq_91_handler,
    irq_92_handler, irq_93_handler, irq_94_handler, irq_95_handler,
    irq_96_handler, irq_97_handler, irq_98_handler, irq_99_handler,
    irq_100_handler, irq_101_handler, irq_102_handler, irq_103_handler,
    irq_104_handler, irq_105_handler, irq_106_handler, irq_107_handler,
    irq_108_handler, irq_109_handler, irq_110_handler, irq_111_handler,
    irq_112_handler, irq_113_handler, irq_114_handler, irq_115_handler,
    irq_116_handler, irq_117_handler, irq_118_handler, irq_119_handler,
    irq_120_handler, irq_121_handler, irq_122_handler, irq_123_handler,
    irq_124_handler, irq_125_handler, irq_126_handler, irq_127_handler,
};

/* RAM comes up differently each time power comes: good enough to tell one first start from another. */
static uint32_t mix_ram(void) {
    uint32_t mixed = MIX_START;
    for (const uint32_t *word = __stack_bottom; word < __stack_top; word++) {
        mixed = (mixed ^ *word) * MIX_TIMES;
    }
    return mixed;
}

static void paint_stack(void) {
    uint32_t *here = __builtin_frame_address(0);
    for (volatile uint32_t *word = __stack_bottom; word < here - 16; word++) {
        *word = PAINT;
    }
}

uint32_t stack_size_bytes(void) {
    return (uint32_t)((uintptr_t)__stack_top - (uintptr_t)__stack_bottom);
}

uint32_t stack_peak_bytes(void) {
    const volatile uint32_t *word = __stack_bottom;
    while (word < __stack_top && *word == PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)__stack_top - (uintptr_t)word);
}

void reset_handler(void) {
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
    SCB_SHCSR |= SCB_SHCSR_MEMFAULTENA | SCB_SHCSR_BUSFAULTENA | SCB_SHCSR_USGFAULTENA;
    SCB_CPACR |= SCB_CPACR_CP10 | SCB_CPACR_CP11; /* floating point */
    sync_barrier();
    uint32_t seed = mix_ram();
    paint_stack();
    uint32_t *to = __data_begin;
    for (const uint32_t *from = __data_load; to < __data_end; from++) {
        *to++ = *from;
    }
    for (to = __bss_begin; to < __bss_end; to++) {
        *to = 0;
    }
    (void)hil_main(seed);
    for (;;) {
    }
}
