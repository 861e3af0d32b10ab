/* Documents of libvirt's: any text is a domain or a host, or is refused with a sentence; what is
 * told of it (the table, JSON, what rules say) is text fit to show; and a value read from it, set
 * again, is the value that stands. */
#include "core/rules/rules.h"
#include "core/snapshot/domains-json.h"
#include "core/tune/tunings.h"
#include "core/virt/remote.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define UUID "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001"

static void check_shown(const char *text, gboolean one_line)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p; p++)
        g_assert_true((guchar)*p >= ' ' || (*p == '\n' && !one_line));
}

static void check_error(const GError *error)
{
    g_assert_nonnull(error);
    check_shown(error->message, TRUE);
}

static void check_told(const Snapshot *snapshot)
{
    g_autofree char *json = domains_to_json(snapshot);
    g_autofree char *table = domains_to_table(snapshot);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;

    json_parser_load_from_data(parser, json, -1, &error);
    g_assert_no_error(error);
    check_shown(table, FALSE);
}

static void check_rules(const Snapshot *snapshot, const Domain *domain)
{
    g_autoptr(RuleGround) ground = rule_ground_new(snapshot, NULL);
    g_autoptr(XmlEdit) edit = xml_edit_open(domain->xml_config, -1, NULL);
    g_autoptr(GPtrArray) findings = rules_check_domain(ground, domain, edit, NULL);

    for (guint i = 0; i < findings->len; i++)
        check_shown(((const Finding *)g_ptr_array_index(findings, i))->text, TRUE);
}

/* A document may say what no tunable can be set to. What one can be set to stands as it was read.
 */
static void check_values(const Domain *domain)
{
    g_autoptr(GPtrArray) tunings = tunings_read(domain);

    for (guint i = 0; i < tunings->len; i++) {
        const Tuning *tuning = g_ptr_array_index(tunings, i);
        g_autoptr(XmlEdit) edit = xml_edit_open(domain->xml_config, -1, NULL);
        g_autoptr(GError) error = NULL;
        if (tuning->config == NULL)
            continue;
        if (!tunable_xml_set(tuning->key, edit, tuning->config, &error)) {
            check_error(error);
            continue;
        }
        g_autofree char *again = tunable_xml_value(tuning->key, edit);
        g_assert_cmpstr(again, ==, tuning->config);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_autofree char *text = fuzz_take_text(&data, &size);
    g_autoptr(GError) error = NULL, host_error = NULL;

    Host *host = remote_host_parse(text, "far", &host_error);
    if (host == NULL)
        check_error(host_error);
    host_unref(host);
    g_autoptr(DomainConfig) config = domain_config_parse(text, &error);
    if (config == NULL) {
        check_error(error);
        return 0;
    }
    const Domain *domain = fixture_domain(snapshot, "x", UUID, text, NULL);
    check_told(snapshot);
    g_autoptr(XmlEdit) edit = xml_edit_open(text, -1, NULL);
    if (edit == NULL)
        return 0;
    check_rules(snapshot, domain);
    check_values(domain);
    return 0;
}
