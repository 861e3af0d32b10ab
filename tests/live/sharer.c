/* A process with equal pages for KSM to merge: 16 MiB of one byte, until it is killed or a minute
 * has gone. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    size_t size = 16u << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || madvise(memory, size, MADV_MERGEABLE) != 0)
        return EXIT_FAILURE;
    memset(memory, 0x5a, size);
    alarm(60);
    pause();
    return EXIT_SUCCESS;
}
