/* The vCPUs, disks, cards … that a document has, as the words of keys. */
#include "core/catalogue/instances.h"

#include "core/util/idset.h"
#include "core/util/text.h"

/* "0", "1" … */
static GPtrArray *numbers(guint from, guint count)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < count; i++)
        g_ptr_array_add(names, g_strdup_printf("%u", from + i));
    return names;
}

/* The whole number at @path, @fallback where there is none, at most IDSET_MAX. */
static guint number_at(const XmlEdit *edit, const char *path, guint fallback)
{
    g_autofree char *text = xml_edit_get(edit, path);
    gint64 number;

    return text && text_parse_int(g_strstrip(text), &number) && number >= 0
               ? (guint)MIN(number, IDSET_MAX)
               : fallback;
}

/* Appends what the elements at @path have at @what, but for those that have nothing there. */
static void append_list(GPtrArray *names, const XmlEdit *edit, const char *path, const char *what)
{
    g_autoptr(GPtrArray) values = xml_edit_list(edit, path, what);

    for (guint i = 0; i < values->len; i++)
        if (g_ptr_array_index(values, i) != NULL)
            g_ptr_array_add(names, g_strdup(g_ptr_array_index(values, i)));
}

static GPtrArray *list(const XmlEdit *edit, const char *path, const char *what)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    append_list(names, edit, path, what);
    return names;
}

GPtrArray *instances_vcpus(const XmlEdit *edit)
{
    return numbers(0, number_at(edit, "vcpu/text()", 1));
}

/* <iothreads> counts them, <iothreadids> may name some; the others take the next free numbers. */
GPtrArray *instances_iothreads(const XmlEdit *edit)
{
    g_autoptr(GPtrArray) named = list(edit, "iothreadids/iothread", "id");
    g_autoptr(IdSet) ids = hwloc_bitmap_alloc();
    guint count = number_at(edit, "iothreads/text()", 0);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    gint64 id;

    for (guint i = 0; i < named->len; i++)
        if (text_parse_int(g_ptr_array_index(named, i), &id) && id > 0 && id < IDSET_MAX)
            hwloc_bitmap_set(ids, (unsigned)id);
    for (guint next = 1; idset_count(ids) < count && next < IDSET_MAX; next++)
        hwloc_bitmap_set(ids, next);
    for (IDSET_EACH(iothread, ids))
        g_ptr_array_add(names, g_strdup_printf("%d", iothread));
    return names;
}

/* A cell without id has its place's number. */
GPtrArray *instances_cells(const XmlEdit *edit)
{
    g_autoptr(GPtrArray) ids = xml_edit_list(edit, "cpu/numa/cell", "id");
    return numbers(0, MIN(ids->len, IDSET_MAX));
}

GPtrArray *instances_disks(const XmlEdit *edit)
{
    return list(edit, "devices/disk", "target/@dev");
}

/* A card of the host's that is passed through has none of a virtual one's settings. */
GPtrArray *instances_cards(const XmlEdit *edit)
{
    g_autoptr(GPtrArray) types = xml_edit_list(edit, "devices/interface", "type");
    g_autoptr(GPtrArray) macs = xml_edit_list(edit, "devices/interface", "mac/@address");
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < macs->len; i++)
        if (g_ptr_array_index(macs, i) && g_strcmp0(g_ptr_array_index(types, i), "hostdev") != 0)
            g_ptr_array_add(names, g_strdup(g_ptr_array_index(macs, i)));
    return names;
}

GPtrArray *instances_features(const XmlEdit *edit)
{
    return list(edit, "cpu/feature", "name");
}

/* formatdomain.html#time-keeping, and which timer has what by domaincommon.rng */

static GPtrArray *names_of(const char *const *words)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (; *words; words++)
        g_ptr_array_add(names, g_strdup(*words));
    return names;
}

GPtrArray *instances_timers(const XmlEdit *edit)
{
    static const char *const timers[] = {
        "platform", "hpet", "kvmclock", "pit", "rtc", "tsc", "hypervclock", "armvtimer", NULL};
    (void)edit;
    return names_of(timers);
}

GPtrArray *instances_tick_timers(const XmlEdit *edit)
{
    static const char *const timers[] = {
        "platform", "hpet", "pit", "rtc", "tsc", "armvtimer", NULL};
    (void)edit;
    return names_of(timers);
}

GPtrArray *instances_track_timers(const XmlEdit *edit)
{
    static const char *const timers[] = {"platform", "rtc", NULL};
    (void)edit;
    return names_of(timers);
}

GPtrArray *instances_tsc(const XmlEdit *edit)
{
    static const char *const timers[] = {"tsc", NULL};
    (void)edit;
    return names_of(timers);
}

GPtrArray *instances_cachetunes(const XmlEdit *edit)
{
    return list(edit, "cputune/cachetune", "vcpus");
}

GPtrArray *instances_memorytunes(const XmlEdit *edit)
{
    return list(edit, "cputune/memorytune", "vcpus");
}

GPtrArray *instances_paths(const XmlEdit *edit)
{
    GPtrArray *names = list(edit, "blkiotune/device", "path/text()");

    append_list(names, edit, "devices/disk", "source/@dev");
    return names;
}
