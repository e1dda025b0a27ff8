/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
 * A plug-in of QEMU's: what the host sends reaches the core's serial port without a detour for every byte.
 *
 * QEMU's USART of the STM32L4 holds one byte, and its main loop, another thread, hands over the next one when it comes round.
 * Two switches between threads a byte, 18 us of processor time, are ten times what the core takes for it. Here the bytes lie
 * ready in the process, and the thread that runs the core is given the next one as soon as it has read the one before.
 *
 *   -plugin feeder.so,fd=N,port=NAME,vector=ADDRESS,data=ADDRESS
 *
 *   fd      socket of which the bytes are read
 *   port    QEMU's name of the character device that the serial port sends to, and would read from
 *   vector  where the address of the port's interrupt handler lies
 *   data    the port's register of received bytes
 *
 * Beside the interface for plug-ins it calls seven of QEMU's own functions, which that does not promise: should one be missing,
 * QEMU refuses the plug-in and ends, before anything ran. That it runs inside QEMU is why GPL 2 may be chosen for it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* QEMU's interface for plug-ins (docs/devel/tcg-plugins), as far as it is used here. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { USES_NO_REGISTERS = 0, LOADS = 1 };
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*)(uint64_t id, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned cpu, uint32_t what, uint64_t address, void *),
                                      int registers, int accesses, void *);
EXPORTED int qemu_plugin_version = 2; /* the oldest that has them; QEMU 9.1 to 10 take 2 to 4 */
EXPORTED int qemu_plugin_install(uint64_t id, const void *info, int n, char **arguments);

/* QEMU's own, the same from 9.0 to 10: devices may be touched by who holds the big lock. */
struct Chardev;
struct Chardev *qemu_chr_find(const char *name);
int qemu_chr_be_can_write(struct Chardev *);
void qemu_chr_be_write(struct Chardev *, const uint8_t *, int n);
void qemu_set_fd_handler(int fd, void (*readable)(void *), void (*writable)(void *), void *);
void cpu_physical_memory_rw(uint64_t address, void *, uint64_t n, bool is_write);
void bql_lock_impl(const char *file, int line);
void bql_unlock(void);

/* The handler reads the register in its first instructions, or in what is inlined there. */
enum { HANDLER_BYTES = 256 };
/* Where a read was not seen (a reset has emptied the port, another function reads it), the next byte goes so much later. */
enum { LOOK_AGAIN_NS = 1000000 };

static int from;  /* socket */
static int timer; /* runs while bytes wait */
static const char *port_name;
static uint64_t vector, data;
static struct Chardev *port;

static uint8_t bytes[4096];
static uint32_t next, end; /* of those that wait */
static bool waiting;       /* as the main loop was told: the timer runs, the socket is left alone */

static void on_readable(void *unused);

static bool refill(void) {
    ssize_t n = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    next = 0;
    end = n > 0 ? (uint32_t)n : 0;
    return end != 0;
}

/* With the big lock held, from either thread. */
static void give(void) {
    while (qemu_chr_be_can_write(port) > 0 && (next != end || refill())) {
        qemu_chr_be_write(port, &bytes[next++], 1);
    }
    if (waiting != (next != end)) {
        waiting = next != end;
        const long every_ns = waiting ? LOOK_AGAIN_NS : 0;
        const struct itimerspec times = {{0, every_ns}, {0, every_ns}};
        timerfd_settime(timer, 0, &times, NULL);
        qemu_set_fd_handler(from, waiting ? NULL : on_readable, NULL, NULL);
    }
}

static void on_readable(void *unused) {
    (void)unused;
    if (port == NULL) {
        port = qemu_chr_find(port_name); /* it was not there yet when the plug-in was loaded */
    }
    give();
}

static void on_time(void *unused) {
    uint64_t times;
    (void)unused;
    if (read(timer, &times, sizeof times) > 0) {
        give();
    }
}

static void on_load(unsigned cpu, uint32_t what, uint64_t address, void *unused) {
    (void)cpu;
    (void)what;
    (void)unused;
    if (address == data && port != NULL) {
        bql_lock_impl(__FILE__, __LINE__);
        give();
        bql_unlock();
    }
}

/* Only loads of the handler are watched: a call for each load of a network would cost more than the bytes did. */
static void on_translated(uint64_t id, struct qemu_plugin_tb *block) {
    uint32_t handler = 0;
    (void)id;
    cpu_physical_memory_rw(vector, &handler, sizeof handler, false);
    handler &= ~1u;
    const uint64_t at = qemu_plugin_tb_vaddr(block);
    if (at < handler || at - handler >= HANDLER_BYTES) {
        return;
    }
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, i), on_load, USES_NO_REGISTERS, LOADS, NULL);
    }
}

static const char *value_of(const char *name, int n, char **arguments) {
    const size_t length = strlen(name);
    for (int i = 0; i < n; i++) {
        if (strncmp(arguments[i], name, length) == 0 && arguments[i][length] == '=') {
            return &arguments[i][length + 1];
        }
    }
    return "";
}

int qemu_plugin_install(uint64_t id, const void *info, int n, char **arguments) {
    (void)info;
    from = atoi(value_of("fd", n, arguments));
    vector = strtoull(value_of("vector", n, arguments), NULL, 0);
    data = strtoull(value_of("data", n, arguments), NULL, 0);
    port_name = strdup(value_of("port", n, arguments));
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (from <= 0 || timer < 0 || port_name == NULL) {
        return -1;
    }
    qemu_set_fd_handler(from, on_readable, NULL, NULL);
    qemu_set_fd_handler(timer, on_time, NULL, NULL);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    return 0;
}
