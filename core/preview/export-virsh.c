/* The words of virsh for what can be set of a running domain. */
#include "core/preview/export.h"

#include "core/util/text.h"

#include <string.h>

/* One row a key, or (with *) all keys that begin so. In the words, %o is what the key names (a
 * vCPU, a disk, a card), %v the value, %p the key's last part with - for _. */
static const struct {
    const char *key;
    const char *words[6];
    const char *unset; /* the value that takes the setting away; NULL: none does */
} rows[] = {
    {"vcpupin.N", {"vcpupin", "%o", "%v"}, "r"},
    {"emulatorpin", {"emulatorpin", "%v"}, "r"},
    {"iothreadpin.N", {"iothreadpin", "%o", "%v"}, "r"},
    {"cputune.shares", {"schedinfo", "--set", "cpu_shares=%v"}, "1024"},
    {"cputune.period", {"schedinfo", "--set", "vcpu_period=%v"}, "100000"},
    {"cputune.quota", {"schedinfo", "--set", "vcpu_quota=%v"}, "-1"},
    {"cputune.global_period", {"schedinfo", "--set", "global_period=%v"}, "100000"},
    {"cputune.global_quota", {"schedinfo", "--set", "global_quota=%v"}, "-1"},
    {"cputune.emulator_period", {"schedinfo", "--set", "emulator_period=%v"}, "100000"},
    {"cputune.emulator_quota", {"schedinfo", "--set", "emulator_quota=%v"}, "-1"},
    {"cputune.iothread_period", {"schedinfo", "--set", "iothread_period=%v"}, "100000"},
    {"cputune.iothread_quota", {"schedinfo", "--set", "iothread_quota=%v"}, "-1"},
    {"vcpus.current", {"setvcpus", "%v"}, NULL},
    {"memory.current", {"setmem", "%v"}, NULL},
    {"memtune.*", {"memtune", "--%p", "%v"}, "-1"},
    {"numatune.nodeset", {"numatune", "--mode", "restrictive", "--nodeset", "%v"}, NULL},
    {"memballoon.period", {"dommemstat", "--period", "%v"}, "0"},
    {"blkio.weight", {"blkiotune", "--weight", "%v"}, "500"},
    {"blkio.device.PATH.weight", {"blkiotune", "--device-weights", "%o,%v"}, "0"},
    {"blkio.device.PATH.*", {"blkiotune", "--device-%p", "%o,%v"}, "0"},
    {"disk.DEV.iotune.*", {"blkdeviotune", "%o", "--%p", "%v"}, "0"},
    {"interface.MAC.bandwidth.in", {"domiftune", "%o", "--inbound", "%v"}, "0"},
    {"interface.MAC.bandwidth.out", {"domiftune", "%o", "--outbound", "%v"}, "0"},
};

static gboolean is_row(const char *pattern, const char *key)
{
    return g_str_has_suffix(pattern, "*") ? strncmp(key, pattern, strlen(pattern) - 1) == 0
                                          : g_str_equal(key, pattern);
}

/* "total_bytes_sec" of "disk.vda.iotune.total_bytes_sec", with dashes as virsh writes it. */
static char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return g_strdelimit(g_strdup(dot ? dot + 1 : key), "_", '-');
}

static char *fill(const char *word, const char *object, const char *part, const char *value)
{
    GString *out = g_string_new(NULL);

    for (const char *p = word; *p; p++) {
        if (*p != '%') {
            g_string_append_c(out, *p);
            continue;
        }
        p++;
        g_string_append(out, *p == 'o' ? object : *p == 'p' ? part : value);
    }
    return g_string_free(out, FALSE);
}

/* "verb UUID words… --live" */
static char **make_call(const char *const *words, guint count, const Step *step, const char *value)
{
    GPtrArray *argv = g_ptr_array_new();
    const char *object = step->key->args && step->key->args[0] ? step->key->args[0] : "";
    g_autofree char *part = last_part(step->key->key);

    for (guint i = 0; i < count && words[i]; i++) {
        g_ptr_array_add(argv, fill(words[i], object, part, value));
        if (i == 0)
            g_ptr_array_add(argv, g_strdup(step->target));
    }
    g_ptr_array_add(argv, g_strdup("--live"));
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

/* I/O threads come and go one by one. */
static void add_iothreads(
    GPtrArray *calls, const Step *step, const char *old_value, const char *value)
{
    gint64 from = 0, to = 0;

    text_parse_int(*old_value ? old_value : "0", &from);
    text_parse_int(*value ? value : "0", &to);
    for (gint64 id = from + 1; id <= to; id++) {
        g_autofree char *word = g_strdup_printf("%" G_GINT64_FORMAT, id);
        g_ptr_array_add(
            calls, make_call((const char *const[]){"iothreadadd", "%v"}, 2, step, word));
    }
    for (gint64 id = from; id > to; id--) {
        g_autofree char *word = g_strdup_printf("%" G_GINT64_FORMAT, id);
        g_ptr_array_add(
            calls, make_call((const char *const[]){"iothreaddel", "%v"}, 2, step, word));
    }
}

GPtrArray *export_virsh_calls(const Step *step, const char *old_value, const char *value)
{
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    const char *key = step->key->tunable->key;

    if (g_str_equal(key, "iothreads")) {
        add_iothreads(calls, step, old_value, value);
        return g_steal_pointer(&calls);
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!is_row(rows[i].key, key))
            continue;
        const char *set = *value ? value : rows[i].unset;
        if (set == NULL)
            return NULL;
        g_ptr_array_add(calls, make_call(rows[i].words, G_N_ELEMENTS(rows[i].words), step, set));
        return g_steal_pointer(&calls);
    }
    return NULL;
}
