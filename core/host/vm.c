/* How the kernel manages memory: the settings of /proc/sys/vm that matter to a KVM host, memory
 * pressure (Documentation/accounting/psi.rst) and free blocks by order (proc(5), buddyinfo). */
#include "core/host/kernelfile.h"
#include "core/host/mounts.h"
#include "core/host/readers.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <stdio.h>
#include <string.h>

/* Named one by one: the folders hold many files that have nothing to do with VMs. */
static const char *const vm_names[] = {"compaction_proactiveness", "dirty_background_bytes",
    "dirty_background_ratio", "dirty_bytes", "dirty_expire_centisecs", "dirty_ratio",
    "dirty_writeback_centisecs", "min_free_kbytes", "overcommit_memory", "overcommit_ratio",
    "swappiness", "vfs_cache_pressure", "watermark_scale_factor", "zone_reclaim_mode", NULL};
static const char *const kernel_names[] = {"numa_balancing", NULL};

void pressure_parse(const char *text, Pressure *pressure)
{
    *pressure = (Pressure){0};
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 3);

    for (guint i = 0; lines[i]; i++) {
        unsigned ten, ten_part, minute, minute_part;
        char kind[8];
        if (sscanf(lines[i], "%7s avg10=%3u.%2u avg60=%3u.%2u", kind, &ten, &ten_part, &minute,
                &minute_part) != 5)
            continue;
        if (strcmp(kind, "some") == 0) {
            pressure->some10 = NUM(ten * 100 + ten_part);
            pressure->some60 = NUM(minute * 100 + minute_part);
        } else if (strcmp(kind, "full") == 0) {
            pressure->full10 = NUM(ten * 100 + ten_part);
            pressure->full60 = NUM(minute * 100 + minute_part);
        }
    }
}

/* "Node 0, zone   Normal    889    357 …": blocks of 2^column base pages, the zones of a node
 * together. */
static void read_free_blocks(Host *host, const char *root)
{
    g_autofree char *text = rootfile_read(root, "/proc/buddyinfo");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        int id, end = 0;
        if (sscanf(lines[i], "Node %9d, zone %*s%n", &id, &end) != 1 || end == 0)
            continue;
        NodeMemory *node = (NodeMemory *)host_node(host, id);
        if (node == NULL)
            continue;
        if (node->free_blocks == NULL)
            node->free_blocks = g_array_new(FALSE, TRUE, sizeof(guint64));
        char *rest = lines[i] + end;
        for (guint order = 0; order < 32; order++) {
            char *next;
            guint64 blocks = g_ascii_strtoull(rest, &next, 10);
            if (next == rest)
                break;
            if (order >= node->free_blocks->len)
                g_array_set_size(node->free_blocks, order + 1);
            g_array_index(node->free_blocks, guint64, order) += blocks;
            rest = next;
        }
    }
}

gboolean host_is_gigantic(const Host *host, guint64 size_kib)
{
    for (guint i = 0; host->nodes && i < host->nodes->len; i++) {
        const GArray *blocks = ((const NodeMemory *)host->nodes->pdata[i])->free_blocks;
        if (blocks && blocks->len > 0)
            return size_kib > ((guint64)host->page_kib << (blocks->len - 1));
    }
    return FALSE;
}

Num host_pages_at_once(const Host *host, const NodeMemory *node, guint64 size_kib)
{
    const GArray *blocks = node->free_blocks;
    guint order = 0;
    guint64 pages = 0;

    while (order < 32 && ((guint64)host->page_kib << order) < size_kib)
        order++;
    if (blocks == NULL || order >= blocks->len)
        return NUM_UNKNOWN;
    for (guint i = order; i < blocks->len; i++)
        pages += MIN(g_array_index(blocks, guint64, i), (guint64)G_MAXUINT32) << (i - order);
    return NUM(MIN(pages, (guint64)G_MAXINT64));
}

static void read_settings(Host *host, const char *root)
{
    host->vm = kernel_files_new();
    kernel_files_add(host->vm, root, "/proc/sys/vm", vm_names);
    kernel_files_add(host->vm, root, "/proc/sys/kernel", kernel_names);
    kernel_files_add_unread(host->vm, root, "/proc/sys/vm", "compact_memory");
    host->mounts = mounts_read(root);
    host->mounts_known = mounts_are_known(root);
}

void host_read_vm(Host *host, const char *root, const Host *previous)
{
    g_autofree char *pressure = rootfile_read(root, "/proc/pressure/memory");

    if (host_takes_over(host, previous)) {
        host->vm = g_ptr_array_ref(previous->vm);
        host->mounts = g_ptr_array_ref(previous->mounts);
        host->mounts_known = previous->mounts_known;
    } else {
        read_settings(host, root);
    }
    pressure_parse(pressure, &host->pressure);
    read_free_blocks(host, root);
}

void host_free_vm(Host *host)
{
    g_clear_pointer(&host->vm, g_ptr_array_unref);
    g_clear_pointer(&host->mounts, g_ptr_array_unref);
}
