/* SPDX-License-Identifier: Apache-2.0
 * The host as a board (POSIX). Usage: firmware [PTY]; without PTY it speaks on standard input and output. End of input
 * ends it. A reset is to end it and start it again.
 *
 * HIL_STEP_FD in the environment names a descriptor on which it says 'I' each time that it begins to idle, having taken
 * all input and written all output: a simulation that gives it bytes so knows when their effect is complete, and can keep
 * a time of its own. */
#define _DEFAULT_SOURCE
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "wire/messages.h"

int hil_main(uint32_t seed);

enum { ALARM_NS = 500000000 };

static int in_fd = STDIN_FILENO;
static int out_fd = STDOUT_FILENO;

/* Small writes are gathered until the program would wait or read: the frame encoder gives 255 bytes at a time. */
static uint8_t out[65536];
static uint32_t out_used;

static int step_fd = -1;

static int alarm_armed;
static uint64_t alarm_at_ns;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void flush(void) {
    uint32_t at = 0;
    while (at < out_used) {
        ssize_t n = write(out_fd, &out[at], out_used - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            exit(0); /* the host has gone */
        }
        at += (uint32_t)n;
    }
    out_used = 0;
}

static int wait_for_input(int timeout_ms) {
    struct pollfd p = {.fd = in_fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms);
}

void board_init(void) {
    const char *text = getenv("HIL_STEP_FD");
    if (text != NULL) {
        step_fd = (int)strtol(text, NULL, 10);
    }
}

uint32_t board_rx_read(uint8_t *to, uint32_t max) {
    flush();
    if (wait_for_input(0) <= 0) {
        return 0;
    }
    ssize_t n = read(in_fd, to, max);
    if (n == 0 || (n < 0 && errno != EINTR)) {
        exit(0);
    }
    return n < 0 ? 0 : (uint32_t)n;
}

uint32_t board_rx_overruns(void) {
    return 0;
}

void board_tx_write(const uint8_t *from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (out_used == sizeof out) {
            flush();
        }
        out[out_used++] = from[i];
    }
}

/* A pipe and a pty have no speed. */
void board_set_baud(uint32_t baud) {
    (void)baud;
    flush();
}

uint64_t board_cycles(void) {
    return now_ns();
}

uint32_t board_clock_hz(void) {
    return 1000000000u;
}

uint8_t board_clock_source(void) {
    return HIL_CLOCK_UNKNOWN;
}

uint32_t board_chip_id(uint8_t *to) {
    (void)to;
    return 0;
}

void board_alarm_set(void) {
    alarm_armed = 1;
    alarm_at_ns = now_ns() + ALARM_NS;
}

void board_alarm_stop(void) {
    alarm_armed = 0;
}

int board_alarm_due(void) {
    return alarm_armed && now_ns() >= alarm_at_ns;
}

void board_idle(void) {
    flush();
    if (step_fd >= 0 && write(step_fd, "I", 1) != 1) {
        exit(0);
    }
    if (!alarm_armed) {
        (void)wait_for_input(-1);
        return;
    }
    uint64_t now = now_ns();
    if (now < alarm_at_ns) {
        (void)wait_for_input((int)((alarm_at_ns - now) / 1000000u) + 1);
    }
}

uint8_t board_reset_cause(void) {
    return HIL_RESET_POWER;
}

/* The host's own tools tell of stacks and crashes. */
uint32_t stack_peak_bytes(void) {
    return 0;
}

uint32_t stack_size_bytes(void) {
    return 0;
}

const fault_report *fault_kept(void) {
    return NULL;
}

void fault_clear(void) {
}

bool fault_caused_reset(void) {
    return false;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        struct termios raw;
        in_fd = out_fd = open(argv[1], O_RDWR | O_NOCTTY);
        if (in_fd < 0) {
            return 1;
        }
        if (tcgetattr(in_fd, &raw) == 0) {
            cfmakeraw(&raw);
            tcsetattr(in_fd, TCSANOW, &raw);
        }
    }
    return hil_main((uint32_t)now_ns() ^ (uint32_t)getpid() << 16);
}
