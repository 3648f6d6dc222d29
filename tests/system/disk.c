/* A disk that behaves badly: preloaded into the programs of a box. Only files below $EVSE_DISK are on it.
 *
 * In the folder $EVSE_DISK_ORDERS, read anew at each call:
 *   slow      holds how many ms each sync takes
 *   full      exists: what would make a file longer fails with ENOSPC
 *   readonly  exists: what would change a file fails with EROFS
 * and written:
 *   syncs     a line for each sync that has ended: program, pid, thread, began and ended in ms of CLOCK_MONOTONIC
 * Also host names: a file `hosts` there holds "name address"; that name has that address alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *order(const char *name, char *path)
{
    const char *orders = getenv("EVSE_DISK_ORDERS");
    if (orders == NULL)
        return NULL;
    snprintf(path, PATH_MAX, "%s/%s", orders, name);
    return access(path, F_OK) == 0 ? path : NULL;
}

static int ordered(const char *name)
{
    char path[PATH_MAX];
    int before = errno;
    int found = order(name, path) != NULL;
    errno = before;
    return found;
}

static int on_disk(int fd)
{
    const char *disk = getenv("EVSE_DISK");
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = disk == NULL ? -1 : readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    return strncmp(path, disk, strlen(disk)) == 0;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Syncs */

static void sleep_as_ordered(void)
{
    char path[PATH_MAX], text[32] = "0";
    if (order("slow", path) == NULL)
        return;
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fgets(text, sizeof text, file) == NULL)
            text[0] = 0;
        fclose(file);
    }
    struct timespec left = {atol(text) / 1000, atol(text) % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
}

static void note_sync(double began_ms)
{
    char path[PATH_MAX], program[256] = "", line[512];
    const char *orders = getenv("EVSE_DISK_ORDERS");
    if (orders == NULL)
        return;
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t length = read(fd, program, sizeof program - 1);
    close(fd);
    for (ssize_t at = 0; at < length; at++)
        if (program[at] == 0 || program[at] == ' ')
            program[at] = ',';
    snprintf(path, sizeof path, "%s/syncs", orders);
    int written = snprintf(line, sizeof line, "%s %d %ld %.3f %.3f\n", program, getpid(),
                           syscall(SYS_gettid), began_ms, now_ms());
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (write(fd, line, written) != written)
        abort();
    close(fd);
}

static int synced(int fd, int (*real)(int))
{
    if (!on_disk(fd))
        return real(fd);
    double began_ms = now_ms();
    sleep_as_ordered();
    int outcome = real(fd);
    int why = errno;
    note_sync(began_ms);
    errno = why;
    return outcome;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }

int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

/* Writes */

static int refused(int fd, off_t end)
{
    struct stat now;
    if (!ordered("full") && !ordered("readonly"))
        return 0;
    if (!on_disk(fd))
        return 0;
    if (ordered("readonly")) {
        errno = EROFS;
        return 1;
    }
    if (fstat(fd, &now) != 0 || end <= now.st_size)
        return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at)
{
    return refused(fd, at + count) ? -1 : REAL(pwrite64)(fd, from, count, at);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at)
{
    return refused(fd, at + count) ? -1 : REAL(pwrite)(fd, from, count, at);
}

ssize_t write(int fd, const void *from, size_t count)
{
    off_t at = fd > 2 && (ordered("full") || ordered("readonly")) ? lseek(fd, 0, SEEK_CUR) : -1;
    return at >= 0 && refused(fd, at + count) ? -1 : REAL(write)(fd, from, count);
}

int ftruncate64(int fd, off64_t length)
{
    return refused(fd, length) ? -1 : REAL(ftruncate64)(fd, length);
}

int posix_fallocate64(int fd, off64_t at, off64_t length)
{
    return refused(fd, at + length) ? errno : REAL(posix_fallocate64)(fd, at, length);
}

/* Names */

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    char path[PATH_MAX], name[256], address[64];
    FILE *file = node != NULL && order("hosts", path) != NULL ? fopen(path, "r") : NULL;
    if (file != NULL) {
        if (fscanf(file, "%255s %63s", name, address) == 2 && strcmp(name, node) == 0)
            node = address;
        fclose(file);
    }
    return REAL(getaddrinfo)(node, service, hints, found);
}
