/* Runs a program beside the tree of a kernel of some age (kernels.h), for the screen tests of it:
 *
 *   kerneltree RELEASE FOLDER PROGRAM ARGUMENTS…
 *
 * writes what the kernel RELEASE ("3.10") offers below FOLDER, its two VMs for libvirt's test
 * driver into FOLDER/domains.xml, and becomes PROGRAM. */
#include "tests/unit/kernels.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN(name, uuid, rest)                                                                   \
    "<domain type='test'><name>" name "</name><uuid>" uuid "</uuid><memory unit='MiB'>64</memory>" \
    "<vcpu>1</vcpu>" rest "<os><type>hvm</type></os></domain>"

static const char domains[] = "<node>" DOMAIN(KERNELS_NAME, KERNELS_UUID,
    "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>")
    DOMAIN(KERNELS_PLAIN, KERNELS_PLAIN_UUID,
        "<numatune><memory mode='strict' nodeset='0'/></numatune>") "</node>";

int main(int argc, char **argv)
{
    if (argc < 4 || g_mkdir_with_parents(argv[2], 0700) != 0)
        return EXIT_FAILURE;
    const Tree tree = {argv[2]};
    for (Kernel kernel = 0; kernel < KERNELS; kernel++) {
        const char *release = kernels_release(kernel);
        if (g_str_has_prefix(release, argv[1]) && release[strlen(argv[1])] == '.')
            kernels_put(&tree, kernel, 0);
    }
    tree_put(&tree, "/domains.xml", domains);
    execv(argv[3], argv + 3);
    return EXIT_FAILURE;
}
