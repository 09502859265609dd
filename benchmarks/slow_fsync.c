/* SPDX-License-Identifier: GPL-3.0-or-later
 * A slower disk: LD_PRELOADed, it adds 5 ms to each fsync and fdatasync, as a rented disk may take. The disk of a
 * development machine is often so fast that a commit per request looks harmless.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slowly(const char *name, int fd) {
    struct timespec pause = {0, 5000000};
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    nanosleep(&pause, 0);
    return real(fd);
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
