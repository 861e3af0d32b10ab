/* What the readers of /sys and /proc make of a file's text: "NAME value" lines, CPU masks, a
 * domain's XML as libvirt gives it. Nothing may crash, and what is a number prints as one. */
#include "core/host/kernelfile.h"
#include "core/host/topology.h"
#include "core/virt/domain.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_take_text(&data, &size);
    g_autoptr(GPtrArray) files = kernel_files_parse(text, NULL);
    g_autoptr(IdSet) mask = topology_parse_mask(text);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; files && i < files->len; i++) {
        const KernelFile *file = g_ptr_array_index(files, i);
        g_free(kernel_file_value(file));
        g_assert_nonnull(file->name);
    }
    if (mask)
        g_assert_cmpuint(idset_count(mask), <=, IDSET_MAX);
    g_autoptr(DomainConfig) config = domain_config_parse(text, &error);
    g_assert_true((config == NULL) == (error != NULL));
    return 0;
}
