/* SPDX-License-Identifier: Apache-2.0
 * board_cycles() and the alarm for every core that has DWT and SysTick. */
#include "board.h"
#include "cortex_m.h"

#define WORD_BITS 32u

static uint32_t wraps;
static uint32_t last_count;
static volatile int armed;
static volatile int due;

void systick_handler(void);

/* CYCCNT has 32 bits: 23.9 s at 180 MHz. A longer run is counted right because the tick looks at it in between. */
uint64_t board_cycles(void) {
    uint32_t primask = irq_mask();
    uint32_t count = DWT_CYCCNT;
    if (count < last_count) {
        wraps++;
    }
    last_count = count;
    uint64_t cycles = (uint64_t)wraps << WORD_BITS | count;
    irq_restore(primask);
    return cycles;
}

/* Every 500 ms: seldom enough not to be seen in a measurement (some 50 cycles in 90 million). */
void systick_handler(void) {
    (void)board_cycles();
    if (armed) {
        due = 1;
    }
}

void board_alarm_set(void) {
    uint32_t primask = irq_mask();
    (void)board_cycles(); /* set again and again the tick would never come, and a wrap of the counter be missed */
    SYST_CVR = 0; /* the count begins anew, so the next tick is a whole period away */
    SCB_ICSR = SCB_ICSR_PENDSTCLR;
    armed = 1;
    due = 0;
    irq_restore(primask);
}

void board_alarm_stop(void) {
    armed = 0;
    due = 0;
}

int board_alarm_due(void) {
    return due;
}

void cortex_time_start(uint32_t tick_hz) {
    DCB_DEMCR |= DCB_DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    SCB_SHPR(15) = PRIORITY_TICK;
    SYST_RVR = tick_hz / 2u - 1u; /* the reference clock (CLKSOURCE 0): the core's is too fast for half a second in 24 bits */
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT;
}
