/* core/virt: a domain's XML read into what kvmtune shows, and domains found and printed. */
#include "core/snapshot/domains-json.h"
#include "core/snapshot/snapshot.h"
#include "core/util/error.h"

#include <json-glib/json-glib.h>
#include <string.h>

static DomainConfig *parse(const char *body)
{
    g_autofree char *xml = g_strdup_printf("<domain type='kvm'>%s</domain>", body);
    g_autoptr(GError) error = NULL;
    DomainConfig *config = domain_config_parse(xml, &error);

    g_assert_no_error(error);
    g_assert_nonnull(config);
    return config;
}

static void assert_set(const IdSet *set, const char *text)
{
    g_autofree char *shown = set ? idset_format(set) : NULL;
    g_assert_cmpstr(shown, ==, text);
}

static void test_memory(void)
{
    static const struct {
        const char *text;
        gint64 kib; /* -1: unknown */
    } rows[] = {
        {"<memory>1024</memory>", 1024},
        {"<memory unit='KiB'>1024</memory>", 1024},
        {"<memory unit='k'>1024</memory>", 1024},
        {"<memory unit='MiB'>2</memory>", 2048},
        {"<memory unit='M'>2</memory>", 2048},
        {"<memory unit='G'> 1\n</memory>", 1048576},
        {"<memory unit='KB'>1</memory>", 1}, /* 1,000 bytes, rounded up */
        {"<memory unit='MB'>1</memory>", 977},
        {"<memory unit='GB'>1</memory>", 976563},
        {"<memory unit='b'>1025</memory>", 2},
        {"<memory unit='bytes'>1024</memory>", 1},
        {"<memory unit='TiB'>1</memory>", 1073741824},
        {"<memory unit='furlong'>1</memory>", -1},
        {"<memory unit='EiB'>16</memory>", -1},
        {"<memory>-1</memory>", -1},
        {"<memory>99999999999999999999</memory>", -1},
        {"<memory/>", -1},
        {"", -1},
        {"<cpu><numa><cell memory='1' unit='GiB'/><cell memory='1024'/></numa></cpu>", 1049600},
        {"<x:memory xmlns:x='urn:x'>5</x:memory>", -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(DomainConfig) config = parse(rows[i].text);
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(num_or(config->memory_kib, -1), ==, rows[i].kib);
        g_assert_cmpint(num_or(config->current_memory_kib, -1), ==, rows[i].kib);
    }
    g_autoptr(DomainConfig) config =
        parse("<memory>4096</memory><currentMemory unit='MiB'>2</currentMemory>");
    g_assert_cmpint(config->current_memory_kib.value, ==, 2048);
}

static void test_pins(void)
{
    g_autoptr(DomainConfig) config =
        parse("<vcpu cpuset='0-3, ^2' current='2'>4</vcpu><iothreadids><iothread id='7'/>"
              "<iothread id='2'/></iothreadids>"
              "<cputune><vcpupin vcpu='1' cpuset='5'/><vcpupin vcpu='9' cpuset='6'/>"
              "<vcpupin vcpu='-1' cpuset='6'/><vcpupin vcpu='2' cpuset='nonsense'/>"
              "<vcpupin vcpu='1' cpuset='8'/><emulatorpin cpuset='1-3,^2'/>"
              "<iothreadpin iothread='7' cpuset='4'/></cputune>"
              "<numatune><memory nodeset='0-1'/></numatune><title>a &amp; b</title>");

    g_assert_cmpuint(config->vcpus_max, ==, 4);
    g_assert_cmpuint(config->vcpus_current, ==, 2);
    assert_set(domain_config_asked(config, 0), "0-1,3");
    assert_set(domain_config_asked(config, 1), "5");
    assert_set(domain_config_asked(config, 2), "0-1,3");
    assert_set(domain_config_asked(config, 9), "0-1,3");
    assert_set(config->emulatorpin, "1,3");
    g_assert_cmpuint(config->iothreads, ==, 2);
    assert_set(g_hash_table_lookup(config->iothreadpin, GINT_TO_POINTER(7)), "4");
    g_assert_cmpstr(config->numatune_mode, ==, "strict");
    assert_set(config->numatune_nodeset, "0-1");
    g_assert_cmpstr(config->title, ==, "a & b");
    g_assert_cmpstr(config->type, ==, "kvm");

    g_autoptr(DomainConfig) bare = parse("");
    g_assert_cmpuint(bare->vcpus_max, ==, 1);
    g_assert_null(domain_config_asked(bare, 0));
    g_assert_null(bare->emulatorpin);
    g_assert_null(bare->numatune_mode);
}

static void test_backing(void)
{
    static const struct {
        const char *inside, *text;
    } rows[] = {
        {"", "off"},
        {"<hugepages/>", "default"},
        {"<hugepages><page size='2048'/></hugepages>", "2M"},
        {"<hugepages><page size='2' unit='M'/></hugepages>", "2M"},
        {"<hugepages><page size='2048' unit='KiB' nodeset='0-1'/>"
         "<page size='1' unit='GiB' nodeset='2'/></hugepages>",
            "2M@0-1;1G@2"},
        {"<hugepages><page size='1048576'/><page size='2048' nodeset='0,1'/></hugepages>",
            "1G;2M@0-1"},
        {"<hugepages><page size='0'/></hugepages>", "default"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *body =
            g_strdup_printf("<memoryBacking><nosharepages/>%s</memoryBacking>", rows[i].inside);
        g_autoptr(DomainConfig) config = parse(body);
        g_assert_cmpstr(config->hugepages, ==, rows[i].text);
        g_assert_true(config->nosharepages);
    }
}

static void test_refused(void)
{
    g_autofree char *blanks = g_strnfill(17u << 20, ' ');
    g_autofree char *long_xml = g_strconcat("<domain>", blanks, "</domain>", NULL);
    g_autofree char *deep = g_strnfill(300000, 'a');
    for (gsize i = 0; i + 3 <= 300000; i += 3)
        memcpy(deep + i, "<a>", 3);
    const char *const rows[] = {
        "",
        "domain",
        "<domain",
        "<domain><a></domain>",
        "<network/>",
        "\xff\xfe",
        long_xml,
        deep,
        "<domain><vcpu>0</vcpu></domain>",
        "<domain><vcpu>-1</vcpu></domain>",
        "<domain><vcpu>99999999999</vcpu></domain>",
        "<domain><vcpu>16385</vcpu></domain>",
        "<domain><vcpu>two</vcpu></domain>",
        "<domain><vcpu current='3'>2</vcpu></domain>",
        "<domain><vcpu current='0'>2</vcpu></domain>",
        "<domain>\xc0\x80</domain>",
        "<!DOCTYPE domain [<!ENTITY a SYSTEM "
        "'file:///etc/passwd'>]><domain><name>&a;</name></domain>",
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>"
        "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>]><domain><title>&e;&e;&e;</title></domain>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("row %u: %.60s", i, rows[i]);
        g_assert_null(domain_config_parse(rows[i], &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        g_assert_cmpuint(strlen(error->message), >, 10);
        for (const char *p = error->message; *p; p++)
            g_assert_false(g_ascii_iscntrl(*p));
    }
}

/* Every real domain of the corpus is read; what is refused is no <domain>, or says why. */
static void test_corpus(void)
{
    g_autofree char *root =
        g_build_filename(g_getenv("top_srcdir"), "..", "shared", "corpus", NULL);
    static const char *const folders[] = {"libvirt", "virt-manager"};
    guint domains = 0;

    for (guint f = 0; f < G_N_ELEMENTS(folders); f++) {
        g_autofree char *folder = g_build_filename(root, folders[f], NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir));) {
            g_autofree char *path = g_build_filename(folder, name, NULL);
            g_autofree char *xml = NULL;
            g_autoptr(GError) error = NULL;
            if (!g_str_has_suffix(name, ".xml") || !g_file_get_contents(path, &xml, NULL, NULL))
                continue;
            g_autoptr(DomainConfig) config = domain_config_parse(xml, &error);
            g_assert_true((config == NULL) == (error != NULL));
            if (config == NULL) {
                g_test_message("%s: %s", name, error->message);
                continue;
            }
            domains++;
            g_assert_cmpuint(config->vcpus_current, <=, config->vcpus_max);
            g_assert_cmpuint(config->vcpupin->len, ==, config->vcpus_max);
            g_assert_nonnull(config->hugepages);
        }
    }
    if (domains == 0)
        g_test_skip("../shared/corpus is not here");
    else
        g_assert_cmpuint(domains, >=, 400);
}

static void add_view(Snapshot *snapshot, const char *name, const char *uuid, int id)
{
    DomainView *view = g_new0(DomainView, 1);

    view->domain = g_new0(Domain, 1);
    g_atomic_ref_count_init(&view->domain->refs);
    view->domain->name = g_strdup(name);
    view->domain->uuid = g_strdup(uuid);
    view->domain->id = id;
    view->domain->state = id >= 0 ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
    view->domain->live = parse("<vcpu>2</vcpu><memory>1048576</memory>"
                               "<cputune><vcpupin vcpu='1' cpuset='2-3'/></cputune>");
    g_ptr_array_add(snapshot->domains, view);
}

static Snapshot *make_snapshot(void)
{
    Snapshot *snapshot = snapshot_new("");

    snapshot->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_view_free);
    add_view(snapshot, "7", "11111111-0000-0000-0000-00000000abcd", 3);
    add_view(snapshot, "web", "22222222-0000-0000-0000-00000000abcd", 7);
    add_view(snapshot, "\033[31m红色\xf0\x9f\x98\x80", "33333333-0000-0000-0000-00000000abcd", -1);
    return snapshot;
}

static void test_find(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    static const struct {
        const char *asked;
        int index; /* -1: none */
    } rows[] = {{"web", 1}, {"7", 0}, {"3", 0}, {"22222222-0000-0000-0000-00000000ABCD", 1},
        {"none", -1}, {"", -1}, {"-1", -1}, {"WEB", -1}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const DomainView *view = snapshot_domain(snapshot, rows[i].asked);
        g_assert_true(view == (rows[i].index < 0 ? NULL
                                                 : g_ptr_array_index(
                                                       snapshot->domains, (guint)rows[i].index)));
    }
    g_autoptr(Snapshot) empty = snapshot_new("");
    g_assert_null(snapshot_domain(empty, "web"));
}

static guint cells_before(const char *line, const char *end)
{
    guint cells = 0;

    for (const char *p = line; p < end; p = g_utf8_next_char(p))
        cells += g_unichar_iswide(g_utf8_get_char(p)) ? 2 : 1;
    return cells;
}

static void test_print(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autofree char *json = domains_to_json(snapshot);
    g_autoptr(JsonNode) root = json_from_string(json, NULL);
    g_assert_nonnull(root);
    JsonArray *domains = json_object_get_array_member(json_node_get_object(root), "domains");
    g_assert_cmpuint(json_array_get_length(domains), ==, 3);
    JsonObject *web = json_array_get_object_element(domains, 1);
    g_assert_cmpstr(json_object_get_string_member(web, "name"), ==, "web");
    g_assert_true(json_object_get_null_member(web, "pid"));
    g_assert_true(json_object_get_null_member(web, "load"));
    JsonArray *vcpus =
        json_object_get_array_member(json_object_get_object_member(web, "vcpus"), "list");
    JsonObject *vcpu = json_array_get_object_element(vcpus, 1);
    g_assert_cmpstr(json_object_get_string_member(vcpu, "asked"), ==, "2-3");
    g_assert_true(json_object_get_null_member(vcpu, "last_cpu"));
    g_assert_true(json_object_get_null_member(json_array_get_object_element(vcpus, 0), "asked"));

    g_autofree char *table = domains_to_table(snapshot);
    g_assert_null(strchr(table, '\033'));
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    const char *title = strstr(lines[0], "STATE"), *state = strstr(lines[3], "shut off");
    g_assert_nonnull(title);
    g_assert_nonnull(state);
    g_assert_cmpuint(cells_before(lines[0], title), ==, cells_before(lines[3], state));
}

/* A pin to all CPUs is none, unless some are kept for those that ask for them. */
static void test_pins_differ(void)
{
    static const struct {
        const char *now, *next, *isolated;
        gboolean differ;
    } rows[] = {
        {"0-3", NULL, "", FALSE},
        {"0-7", NULL, "", FALSE},
        {"0-3", NULL, "3", TRUE},
        {"0-2", NULL, "", TRUE},
        {"0-3", "0-2", "", TRUE},
        {"2", "2", "", FALSE},
        {NULL, NULL, "3", FALSE},
    };
    g_autoptr(IdSet) online = idset_parse("0-3", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(IdSet) now = rows[i].now ? idset_parse(rows[i].now, NULL) : NULL;
        g_autoptr(IdSet) next = rows[i].next ? idset_parse(rows[i].next, NULL) : NULL;
        g_autoptr(IdSet) isolated =
            *rows[i].isolated ? idset_parse(rows[i].isolated, NULL) : hwloc_bitmap_alloc();
        Topology topology = {.online = online, .isolated = isolated};
        g_assert_cmpint(domain_pins_differ(now, next, &topology), ==, rows[i].differ);
        g_assert_cmpint(domain_pins_differ(next, now, &topology), ==, rows[i].differ);
    }
    g_assert_true(domain_pins_differ(online, NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain/memory", test_memory);
    g_test_add_func("/domain/pins", test_pins);
    g_test_add_func("/domain/pins-differ", test_pins_differ);
    g_test_add_func("/domain/backing", test_backing);
    g_test_add_func("/domain/refused", test_refused);
    g_test_add_func("/domain/corpus", test_corpus);
    g_test_add_func("/domain/find", test_find);
    g_test_add_func("/domain/print", test_print);
    return g_test_run();
}
