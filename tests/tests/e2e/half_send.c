/* Loaded before the C library: the system takes half of whatever holds a certain text. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>

static const char MARK[] = "Ese personaje no";

ssize_t send(int socket, const void *bytes, size_t length, int flags) {
    ssize_t (*system_send)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    if (memmem(bytes, length, MARK, sizeof MARK - 1) != NULL)
        length /= 2;
    return system_send(socket, bytes, length, flags);
}
