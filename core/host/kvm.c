/* What KVM can do on this host: the parameters of its modules and the CPU's flags, and what it
 * means where something is off (Linux Documentation/virt/kvm, kernel-parameters.txt). */
#include "core/host/kernelfile.h"
#include "core/host/readers.h"
#include "core/util/rootfile.h"

#include <string.h>

#define PARAMETERS "/sys/module/%s/parameters"

static const struct {
    const char *module;
    const char *names[5]; /* ends with NULL */
} modules[] = {
    {"kvm_intel", {"ept", "nested", "unrestricted_guest", "vpid", NULL}},
    {"kvm_amd", {"npt", "nested", "avic", NULL}},
    {"kvm", {"tdp_mmu", "nx_huge_pages", "halt_poll_ns", NULL}},
};

/* The first CPU's flags; the file is long, and each of its CPUs says the same. */
static char *read_flags(const char *root)
{
    g_autofree char *text = rootfile_read(root, "/proc/cpuinfo");
    const char *line = text ? strstr(text, "\nflags") : NULL;
    const char *colon = line ? strchr(line, ':') : NULL;

    if (colon == NULL)
        return NULL;
    g_autofree char *flags = g_strndup(colon + 1, strcspn(colon + 1, "\n"));
    g_autofree char *padded = g_strconcat(" ", g_strstrip(flags), " ", NULL);
    return g_ref_string_new(padded);
}

void host_read_kvm(Host *host, const char *root, const Host *previous)
{
    /* Both change only when a module is loaded or a CPU is: seldom enough to keep. */
    if (previous && previous->topology == host->topology &&
        (previous->kvm->len > 0 || host_takes_over(host, previous))) {
        host->kvm = g_ptr_array_ref(previous->kvm);
        host->cpu_flags = previous->cpu_flags ? g_ref_string_acquire(previous->cpu_flags) : NULL;
        return;
    }
    host->kvm = kernel_files_new();
    for (guint i = 0; i < G_N_ELEMENTS(modules); i++) {
        g_autofree char *folder = g_strdup_printf(PARAMETERS, modules[i].module);
        guint from = host->kvm->len;
        kernel_files_add(host->kvm, root, folder, modules[i].names);
        for (; from < host->kvm->len; from++) {
            KernelFile *file = host->kvm->pdata[from];
            char *name = g_strconcat(modules[i].module, ".", file->name, NULL);
            g_free(file->name);
            file->name = name;
        }
    }
    host->cpu_flags = previous && previous->topology == host->topology && previous->cpu_flags
                          ? g_ref_string_acquire(previous->cpu_flags)
                          : read_flags(root);
}

void host_free_kvm(Host *host)
{
    g_clear_pointer(&host->kvm, g_ptr_array_unref);
    g_clear_pointer(&host->cpu_flags, g_ref_string_release);
}

/* A fact is told by the parameter of the vendor's module, or by a flag of the CPU. */
static const struct {
    const char *label;
    const char *parameters[2];
    const char *flag;
    const char *off; /* what it means where it is off */
} facts[] = {
    {"two-dimensional paging (EPT, NPT)", {"kvm_intel.ept", "kvm_amd.npt"}, NULL,
        "every change of a guest's page tables is trapped: guests are slow, and use more memory"},
    {"TDP MMU", {"kvm.tdp_mmu", NULL}, NULL,
        "page faults of one VM's vCPUs wait for one another: slow starts of large VMs"},
    {"nested virtualization", {"kvm_intel.nested", "kvm_amd.nested"}, NULL,
        "guests cannot run VMs of their own"},
    {"tagged TLB (VPID)", {"kvm_intel.vpid", NULL}, NULL,
        "each entry into a guest empties the TLB"},
    {"1G pages", {NULL, NULL}, "pdpe1gb",
        "no pool of 1G pages can be made: large guests need more TLB entries"},
};

static KvmState state_of_text(const char *text)
{
    if (text == NULL || *text == '\0')
        return KVM_UNKNOWN;
    return strchr("YyTt", *text) || (g_ascii_isdigit(*text) && *text != '0') ? KVM_ON : KVM_OFF;
}

GArray *host_kvm_facts(const Host *host)
{
    GArray *list = g_array_new(FALSE, TRUE, sizeof(KvmFact));

    for (guint i = 0; i < G_N_ELEMENTS(facts); i++) {
        KvmFact fact = {facts[i].label, KVM_UNKNOWN, facts[i].off};
        for (guint j = 0; j < G_N_ELEMENTS(facts[i].parameters); j++) {
            const KernelFile *file =
                facts[i].parameters[j] ? kernel_file_find(host->kvm, facts[i].parameters[j]) : NULL;
            if (file)
                fact.state = state_of_text(file->text);
        }
        if (facts[i].flag && host->cpu_flags) {
            g_autofree char *word = g_strdup_printf(" %s ", facts[i].flag);
            fact.state = strstr(host->cpu_flags, word) ? KVM_ON : KVM_OFF;
        }
        g_array_append_val(list, fact);
    }
    return list;
}
