/* What the lines of /proc/meminfo count, in a sentence each (Linux
 * Documentation/filesystems/proc.rst, meminfo). */
#include "tui/screens/memory/memoryparts.h"

#include <string.h>

static const struct {
    const char *name, *help;
} lines[] = {
    {"MemTotal", "The memory the kernel manages: what is built in less what firmware and the "
                 "kernel's own image keep."},
    {"MemFree", "Memory that nothing uses at all. Low is normal: what is free is used as cache."},
    {"MemAvailable", "What new programs can be given without swapping: free memory and the cache "
                     "that can go. The figure to look at before a VM is started."},
    {"Buffers", "Blocks of raw disks held in memory for a short while."},
    {"Cached", "The page cache: contents of files, shared memory and tmpfs included."},
    {"SwapCached", "Pages that were swapped out and are back in memory, their copy in swap kept."},
    {"Active", "Memory used of late, which is reclaimed last."},
    {"Inactive", "Memory not used of late, which is reclaimed first."},
    {"Active(anon)", "Programs' memory, guests' too, used of late."},
    {"Inactive(anon)", "Programs' memory, guests' too, not used of late: it is swapped first."},
    {"Active(file)", "Contents of files used of late."},
    {"Inactive(file)", "Contents of files not used of late: dropped first."},
    {"Unevictable", "Memory that cannot be reclaimed: locked, or of a kind without swap."},
    {"Mlocked", "Memory locked by programs (a guest with <locked/>, or with passed-through "
                "devices)."},
    {"SwapTotal", "How much swap there is."},
    {"SwapFree", "What of the swap is not used."},
    {"Zswap", "Memory that compressed swap takes."},
    {"Zswapped", "What is in compressed swap, as large as it was before."},
    {"Dirty", "Data that waits to be written to disk."},
    {"Writeback", "Data that is being written to disk just now."},
    {"AnonPages", "Programs' memory that no file stands behind: guests without hugepages are in "
                  "here."},
    {"Mapped", "Files mapped into programs, such as libraries."},
    {"Shmem", "Shared memory and tmpfs: guests backed by memfd or shared files are in here."},
    {"KReclaimable", "What the kernel itself would give back when memory is short."},
    {"Slab", "The kernel's own objects."},
    {"SReclaimable", "What of the slabs can be given back, such as names and inodes cached."},
    {"SUnreclaim", "What of the slabs cannot be given back."},
    {"KernelStack", "Stacks of all tasks in the kernel; a VM has one a thread."},
    {"PageTables", "Tables that map programs' memory; hugepages keep them small."},
    {"SecPageTables", "Page tables of KVM for its guests (EPT, NPT), and of the IOMMU."},
    {"NFS_Unstable", "Always 0: written to an NFS server, not yet to its disk, in old kernels."},
    {"Bounce", "Copies for devices that do not reach all memory."},
    {"WritebackTmp", "Copies that FUSE makes while it writes."},
    {"CommitLimit", "How much may be promised to programs with vm.overcommit_memory=2."},
    {"Committed_AS", "How much is promised to programs, touched or not."},
    {"VmallocTotal", "The address space for large allocations of the kernel; no memory."},
    {"VmallocUsed", "What of it is used."},
    {"VmallocChunk", "The largest free part of it; always 0 today."},
    {"Percpu", "Memory the kernel keeps once for each CPU."},
    {"HardwareCorrupted", "Memory taken out of use because it is broken: not 0 asks for a repair."},
    {"AnonHugePages", "Programs' memory in transparent huge pages."},
    {"ShmemHugePages", "Shared memory in huge pages."},
    {"ShmemPmdMapped", "Shared memory mapped into programs as huge pages."},
    {"FileHugePages", "Page cache in huge pages."},
    {"FilePmdMapped", "Page cache mapped into programs as huge pages."},
    {"CmaTotal", "Memory reserved for contiguous allocations of devices."},
    {"CmaFree", "What of it is free."},
    {"Unaccepted", "Memory a confidential guest has not accepted yet."},
    {"Balloon", "Memory a balloon has given back to the hypervisor of this host."},
    {"HugePages_Total", "Pages in the pool of the default size."},
    {"HugePages_Free", "Pages of that pool that nobody uses; reserved ones are among them."},
    {"HugePages_Rsvd", "Free pages of that pool promised to programs that have not touched them."},
    {"HugePages_Surp", "Pages beyond the pool, made on demand, and gone when they are freed."},
    {"Hugepagesize", "The default size of hugepages."},
    {"Hugetlb", "Memory in the pools of all sizes, used or not."},
    {"DirectMap4k", "What of all memory the kernel maps by 4K pages."},
    {"DirectMap2M", "What it maps by 2M pages."},
    {"DirectMap1G", "What it maps by 1G pages; more is faster for the kernel."},
};

const char *meminfo_help(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        if (strcmp(lines[i].name, name) == 0)
            return lines[i].help;
    return NULL;
}
