/* core/xml/xmledit: what an edit writes, where it puts it, and what it refuses. */
#include "core/util/error.h"
#include "core/xml/xmledit.h"

#include <string.h>

/* Sets @path, then again (which must change nothing). The caller frees the text. */
static char *edited(const char *text, const char *path, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(XmlEdit) edit = xml_edit_open(text, -1, &error);

    g_assert_no_error(error);
    g_assert_true(xml_edit_set(edit, path, value, &error));
    g_assert_no_error(error);
    g_autofree char *got = xml_edit_get(edit, path);
    g_assert_cmpstr(got, ==, value);
    g_autofree char *once = g_strdup(xml_edit_text(edit, NULL));
    g_assert_true(xml_edit_set(edit, path, value, &error));
    g_assert_cmpstr(xml_edit_text(edit, NULL), ==, once);
    return g_steal_pointer(&once);
}

#define PIN0  "cputune/vcpupin[@vcpu='0']/@cpuset"
#define PIN2  "cputune/vcpupin[@vcpu='2']/@cpuset"
#define EPIN  "cputune/emulatorpin/@cpuset"
#define SHARE "memoryBacking/nosharepages"
#define PAGE  "memoryBacking/hugepages/page[@size='2048'][@unit='KiB'][@nodeset='0-1']"

typedef struct {
    const char *name, *before, *path, *value, *after; /* after NULL: as before */
} Row;

static const Row rows[] = {
    {"replaces a value and keeps the quote",
        "<domain><cputune><emulatorpin cpuset = \"1\" /></cputune></domain>", EPIN, "2-3",
        "<domain><cputune><emulatorpin cpuset = \"2-3\" /></cputune></domain>"},
    {"the same value changes nothing",
        "<domain><cputune><emulatorpin cpuset='&#49;'/></cputune></domain>", EPIN, "1", NULL},
    {"a number is matched as a number",
        "<domain><cputune><vcpupin cpuset='1' vcpu='00'/></cputune></domain>", PIN0, "2",
        "<domain><cputune><vcpupin cpuset='2' vcpu='00'/></cputune></domain>"},
    {"all on one line stays on one line", "<domain><name>a</name><vcpu>2</vcpu><os/></domain>",
        PIN0, "1",
        "<domain><name>a</name><vcpu>2</vcpu><cputune><vcpupin vcpu='0' "
        "cpuset='1'/></cputune><os/></domain>"},
    {"in libvirt's order, with the siblings' indentation",
        "<domain type='kvm'>\n  <name>a</name>\n  <vcpu>2</vcpu>\n  <os/>\n</domain>\n", PIN0, "1",
        "<domain type='kvm'>\n  <name>a</name>\n  <vcpu>2</vcpu>\n  <cputune>\n    <vcpupin "
        "vcpu='0' "
        "cpuset='1'/>\n  </cputune>\n  <os/>\n</domain>\n"},
    {"before all that follow", "<domain>\n  <os/>\n</domain>\n", SHARE, "",
        "<domain>\n  <memoryBacking>\n    <nosharepages/>\n  </memoryBacking>\n  "
        "<os/>\n</domain>\n"},
    {"tabs, CRLF and the document's quote",
        "<domain type=\"kvm\">\r\n\t<name>a</name>\r\n</domain>\r\n", EPIN, "1",
        "<domain type=\"kvm\">\r\n\t<name>a</name>\r\n\t<cputune>\r\n\t\t<emulatorpin "
        "cpuset=\"1\"/>\r\n\t</cputune>\r\n</domain>\r\n"},
    {"no indentation, but lines", "<domain>\n<name>a</name>\n</domain>", EPIN, "1",
        "<domain>\n<name>a</name>\n<cputune>\n<emulatorpin cpuset='1'/>\n</cputune>\n</domain>"},
    {"opens a self-closing container", "<domain>\n  <cputune />\n</domain>", EPIN, "1",
        "<domain>\n  <cputune>\n    <emulatorpin cpuset='1'/>\n  </cputune>\n</domain>"},
    {"into an empty container", "<domain>\n <cputune></cputune>\n</domain>", EPIN, "1",
        "<domain>\n <cputune>\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>"},
    {"into an empty container of two lines", "<domain>\n <cputune>\n </cputune>\n</domain>", EPIN,
        "1", "<domain>\n <cputune>\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>"},
    {"behind the comment of a container",
        "<domain>\n <cputune>\n  <!-- c -->\n </cputune>\n</domain>", EPIN, "1",
        "<domain>\n <cputune>\n  <!-- c -->\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>"},
    {"a sibling keeps the comment on its line",
        "<domain>\n  <vcpu>2</vcpu> <!-- two -->\n  <os/>\n</domain>", SHARE, "",
        "<domain>\n  <memoryBacking>\n    <nosharepages/>\n  </memoryBacking>\n  <vcpu>2</vcpu> "
        "<!-- two -->\n"
        "  <os/>\n</domain>"},
    {"behind the comment on its line",
        "<domain>\n  <vcpu>2</vcpu> <!-- two -->\n  <os/>\n</domain>", EPIN, "1",
        "<domain>\n  <vcpu>2</vcpu> <!-- two -->\n  <cputune>\n    <emulatorpin cpuset='1'/>\n  "
        "</cputune>\n"
        "  <os/>\n</domain>"},
    {"vcpupins in numeric order, before emulatorpin",
        "<domain>\n <cputune>\n  <vcpupin vcpu='1' cpuset='1'/>\n  <vcpupin vcpu='10' "
        "cpuset='1'/>\n"
        "  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>",
        PIN2, "7",
        "<domain>\n <cputune>\n  <vcpupin vcpu='1' cpuset='1'/>\n  <vcpupin vcpu='2' cpuset='7'/>\n"
        "  <vcpupin vcpu='10' cpuset='1'/>\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>"},
    {"the first vcpupin before emulatorpin",
        "<domain>\n <cputune>\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>", PIN2, "7",
        "<domain>\n <cputune>\n  <vcpupin vcpu='2' cpuset='7'/>\n  <emulatorpin cpuset='1'/>\n "
        "</cputune>\n"
        "</domain>"},
    {"several predicates, several new elements", "<domain>\n  <name>a</name>\n</domain>", PAGE, "",
        "<domain>\n  <name>a</name>\n  <memoryBacking>\n    <hugepages>\n      <page size='2048' "
        "unit='KiB' "
        "nodeset='0-1'/>\n    </hugepages>\n  </memoryBacking>\n</domain>"},
    {"an element goes with what it holds, and its container with it",
        "<domain>\n <memoryBacking>\n  <hugepages>\n   <page size='4'/>\n  </hugepages>\n "
        "</memoryBacking>\n <os/>\n"
        "</domain>",
        "memoryBacking/hugepages", NULL, "<domain>\n <os/>\n</domain>"},
    {"a container that holds another element stays",
        "<domain>\n <memoryBacking>\n  <nosharepages>\n  </nosharepages>\n  <locked/>\n "
        "</memoryBacking>\n</domain>",
        SHARE, NULL, "<domain>\n <memoryBacking>\n  <locked/>\n </memoryBacking>\n</domain>"},
    {"a container that holds a comment stays",
        "<domain>\n <cputune>\n  <!-- c -->\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>",
        EPIN, NULL, "<domain>\n <cputune>\n  <!-- c -->\n </cputune>\n</domain>"},
    {"a container that holds text stays",
        "<domain><cputune>x<emulatorpin cpuset='1'/></cputune></domain>", EPIN, NULL,
        "<domain><cputune>x</cputune></domain>"},
    {"a container with an attribute stays",
        "<domain>\n <cputune a='1'>\n  <emulatorpin cpuset='1'/>\n </cputune>\n</domain>", EPIN,
        NULL, "<domain>\n <cputune a='1'/>\n</domain>"},
    {"an attribute goes, the others stay",
        "<domain><numatune><memory\n mode='strict'\n nodeset='0'/></numatune></domain>",
        "numatune/memory/@mode", NULL,
        "<domain><numatune><memory\n nodeset='0'/></numatune></domain>"},
    {"an attribute comes behind the others, in their quotes",
        "<domain a='1'><numatune><memory nodeset=\"0\" /></numatune></domain>",
        "numatune/memory/@mode", "strict",
        "<domain a='1'><numatune><memory nodeset=\"0\" mode=\"strict\" /></numatune></domain>"},
    {"all that match go",
        "<domain>\n <cputune>\n  <vcpupin vcpu='2' cpuset='1'/>\n  <vcpupin vcpu='2' "
        "cpuset='3'/>\n </cputune>\n"
        "</domain>",
        PIN2, NULL, "<domain>\n</domain>"},
    {"nothing to remove", "<domain>\n <cputune/>\n</domain>", EPIN, NULL, NULL},
    {"the first of two containers", "<domain>\n <cputune/>\n <cputune/>\n</domain>", EPIN, "1",
        "<domain>\n <cputune>\n  <emulatorpin cpuset='1'/>\n </cputune>\n <cputune/>\n</domain>"},
    {"start and end tags on several lines",
        "<domain>\n <cputune\n >\n  <emulatorpin\n    cpuset='1'\n  >\n  </emulatorpin\n  >\n "
        "</cputune\n >\n</domain>",
        EPIN, "2",
        "<domain>\n <cputune\n >\n  <emulatorpin\n    cpuset='2'\n  >\n  </emulatorpin\n  >\n "
        "</cputune\n >\n</domain>"},
    {"tags inside comments, CDATA and values are none",
        "<domain><!-- <cputune> --><description a='>'><![CDATA[<cputune>]]></description><?p "
        "<cputune> ?>"
        "<cputune/></domain>",
        EPIN, "1",
        "<domain><!-- <cputune> --><description a='>'><![CDATA[<cputune>]]></description><?p "
        "<cputune> ?>"
        "<cputune><emulatorpin cpuset='1'/></cputune></domain>"},
    {"elements of namespaces are others",
        "<domain xmlns:q='u'>\n <q:cputune>\n  <q:emulatorpin cpuset='1'/>\n "
        "</q:cputune>\n</domain>",
        EPIN, "2",
        "<domain xmlns:q='u'>\n <q:cputune>\n  <q:emulatorpin cpuset='1'/>\n </q:cputune>\n "
        "<cputune>\n"
        "  <emulatorpin cpuset='2'/>\n </cputune>\n</domain>"},
    {"attributes of namespaces are others",
        "<domain xmlns:q='u'><cputune><emulatorpin q:cpuset='1'/></cputune></domain>", EPIN, "2",
        "<domain xmlns:q='u'><cputune><emulatorpin q:cpuset='1' cpuset='2'/></cputune></domain>"},
    {"declaration, DOCTYPE and byte order mark stay",
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding='utf-8'?>\n<!DOCTYPE domain>\n<domain>\n "
        "<os/>\n</domain>\n<!-- e -->\n",
        SHARE, "",
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding='utf-8'?>\n<!DOCTYPE domain>\n<domain>\n "
        "<memoryBacking>\n"
        "  <nosharepages/>\n </memoryBacking>\n <os/>\n</domain>\n<!-- e -->\n"},
    {"a value is escaped for its quote", "<domain><a b='x' c=\"y\"/></domain>", "a/@c", "<'\"&>\n",
        "<domain><a b='x' c=\"&lt;'&quot;&amp;&gt;&#10;\"/></domain>"},
    {"a text is replaced", "<domain><memory unit='KiB'>1<![CDATA[2]]></memory></domain>",
        "memory/text()", "<3>", "<domain><memory unit='KiB'>&lt;3&gt;</memory></domain>"},
    {"a text opens its element", "<domain><title/></domain>", "title/text()", "é",
        "<domain><title>é</title></domain>"},
    {"a text goes with its element", "<domain>\n <title>x</title>\n</domain>", "title/text()", NULL,
        "<domain>\n</domain>"},
    {"beyond ASCII by reference where the encoding is not UTF-8",
        "<?xml version='1.0' encoding='ISO-8859-1'?><domain><name>\xe9</name></domain>",
        "title/text()", "é",
        "<?xml version='1.0' "
        "encoding='ISO-8859-1'?><domain><name>\xe9</name><title>&#233;</title></domain>"},
};

static void test_rows(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].name);
        g_autofree char *after = edited(rows[i].before, rows[i].path, rows[i].value);
        g_assert_cmpstr(after, ==, rows[i].after ? rows[i].after : rows[i].before);
    }
}

/* Putting a new element in and taking it out again gives the first bytes. */
static void test_round_trip(void)
{
    static const char *const paths[] = {PIN0, PIN2, EPIN, SHARE, PAGE, "numatune/memory/@mode"};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (guint p = 0; p < G_N_ELEMENTS(paths); p++) {
            g_autoptr(XmlEdit) edit = xml_edit_open(rows[i].before, -1, NULL);
            g_autofree char *had = xml_edit_get(edit, paths[p]);
            /* containers that were empty go, elements that lacked the attribute too: said above */
            if (had != NULL || strstr(rows[i].before, "<cputune") ||
                strstr(rows[i].before, "<numatune"))
                continue;
            gboolean element = strchr(paths[p], '@') == NULL || g_str_has_suffix(paths[p], "]");
            g_assert_true(xml_edit_set(edit, paths[p], element ? "" : "1", NULL));
            g_assert_true(xml_edit_set(edit, paths[p], NULL, NULL));
            g_assert_cmpstr(xml_edit_text(edit, NULL), ==, rows[i].before);
        }
    }
}

static void test_list(void)
{
    g_autoptr(XmlEdit) edit =
        xml_edit_open("<domain><memoryBacking><hugepages><page size='2048'/><page/>"
                      "<page size='&#52;'/></hugepages></memoryBacking></domain>",
            -1, NULL);
    g_autoptr(GPtrArray) sizes = xml_edit_list(edit, "memoryBacking/hugepages/page", "size");
    g_autoptr(GPtrArray) none = xml_edit_list(edit, "cputune/vcpupin", "vcpu");

    g_assert_cmpuint(sizes->len, ==, 3);
    g_assert_cmpstr(sizes->pdata[0], ==, "2048");
    g_assert_null(sizes->pdata[1]);
    g_assert_cmpstr(sizes->pdata[2], ==, "4");
    g_assert_cmpuint(none->len, ==, 0);
}

#define BOMB                                                                                       \
    "<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><domain>&b;</domain>"

/* Documents that are refused, and a word of the sentence. */
static void test_refused(void)
{
    g_autoptr(GString) deep = g_string_new("<domain>");
    for (guint i = 0; i < 100000; i++)
        g_string_append(deep, "<a>");
    g_autofree char *huge = g_malloc(XML_MAX + 1);
    memset(huge, ' ', XML_MAX + 1);

    const struct {
        const char *text;
        gssize length;
        const char *word;
    } bad[] = {
        {"", -1, "empty"},
        {" \n", -1, "not well-formed"},
        {"<domain>", -1, "line 1"},
        {"<domain>\n<a></b></domain>", -1, "line 2"},
        {"<domain/><domain/>", -1, "not well-formed"},
        {"<domain a='1' a='2'/>", -1, "redefined"},
        {"<domain>\xff</domain>", -1, "not well-formed"},
        {"<domain>a\0b</domain>", 19, "NUL"},
        {"<network/>", -1, "<network>"},
        {"<domainsnapshot><domain/></domainsnapshot>", -1, "<domainsnapshot>"},
        {"<domain xmlns='urn:x'/>", -1, "namespace"},
        {BOMB, -1, "DOCTYPE"},
        {"<?xml version='1.0'?><!-- --><!DOCTYPE d SYSTEM 'a[b' [ ]><domain/>", -1, "DOCTYPE"},
        {"<!DOCTYPE d SYSTEM 'file:///etc/passwd'><domain>&x;</domain>", -1, "entity"},
        {"<domain>&x;</domain>", -1, "not well-formed"},
        {"\xff\xfe<\0d\0", 6, "UTF-16"},
        {"\xfe\xff\0<", 4, "UTF-16"},
        {"<\0d\0", 4, "NUL"},
        {"<?xml version='1.0' encoding='UTF-16'?><domain/>", -1, "UTF-16"},
        {"<?xml version='1.0' encoding='\033[31m'?><domain/>", -1, "\\x1b"},
        {"<?xml version='1.0' encoding='ISO-8859-99'?><domain>\xe9</domain>", -1, ""},
        {"<?xml version='1.0' encoding='US-ASCII'?><domain>\xe9</domain>", -1, ""},
        {deep->str, -1, "depth"},
        {huge, XML_MAX + 1, "16 MiB"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%u: %.60s", i, bad[i].text);
        g_assert_null(xml_edit_open(bad[i].text, bad[i].length, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        g_test_message("  %s", error->message);
        g_assert_nonnull(strstr(error->message, bad[i].word));
        g_assert_null(strpbrk(error->message, "\033\n"));
    }
}

/* Sets that are refused leave the text as it was. */
static void test_set_refused(void)
{
    static const struct {
        const char *path, *value;
    } bad[] = {{"", "1"}, {"/", "1"}, {"a//b", ""}, {"a[", ""}, {"a[@b]", ""}, {"a[@b='c", ""},
        {"a[@b=''d']", ""}, {"a/@b/c", ""}, {"@type", "xen"}, {"text()", "x"}, {"q:a", ""},
        {"a'", ""}, {"a[@b='\xff']", ""}, {"a[@b='\n']", ""}, {"a/@b", "\001"}, {"a/@b", "\xff"},
        {"a/@b", "\xef\xbf\xbf"}, {"a", "value"}, {"os/text()", "x"}, {"os/text()", NULL},
        {NULL, NULL}};
    const char *text = "<domain type='kvm'><os><type>hvm</type></os></domain>";

    for (guint i = 0; bad[i].path != NULL; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(XmlEdit) edit = xml_edit_open(text, -1, NULL);
        g_test_message("%s", bad[i].path);
        g_assert_false(xml_edit_set(edit, bad[i].path, bad[i].value, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        g_assert_cmpstr(xml_edit_text(edit, NULL), ==, text);
    }
}

/* Sets in a document of 1 MiB, on one line and on many; the time is printed, not judged. */
static void test_large(void)
{
    for (guint lines = 0; lines < 2; lines++) {
        g_autoptr(GString) text = g_string_new("<domain type='kvm'>\n  <name>a</name>");
        while (text->len < 1u << 20)
            g_string_append_printf(text, "%s<seclabel type='dynamic' model='x%u'/>",
                lines ? "\n  " : "", (guint)text->len);
        g_string_append(text, "\n</domain>\n");
        g_autoptr(XmlEdit) edit = xml_edit_open(text->str, -1, NULL);
        gint64 start = g_get_monotonic_time();
        for (guint i = 0; i < 10; i++) {
            g_autofree char *path = g_strdup_printf("cputune/vcpupin[@vcpu='%u']/@cpuset", i);
            g_assert_true(xml_edit_set(edit, path, "0", NULL));
        }
        double ms = (double)(g_get_monotonic_time() - start) / 10000;
        g_print("# one set in 1 MiB %s: %.2f ms\n", lines ? "of lines" : "on one line", ms);
        g_autofree char *last = xml_edit_get(edit, "cputune/vcpupin[@vcpu='9']/@cpuset");
        g_assert_cmpstr(last, ==, "0");
    }
}

/* Many equal elements go in one pass, not in one each. */
static void test_many(void)
{
    g_autoptr(GString) text = g_string_new("<domain>\n <cputune>\n  <quota>1</quota>\n");
    for (guint i = 0; i < 20000; i++)
        g_string_append(text, "  <vcpupin vcpu='2' cpuset='1'/>\n");
    g_string_append(text, " </cputune>\n</domain>");
    g_autoptr(XmlEdit) edit = xml_edit_open(text->str, -1, NULL);
    gint64 start = g_get_monotonic_time();
    g_assert_true(xml_edit_set(edit, PIN2, NULL, NULL));
    g_assert_cmpstr(xml_edit_text(edit, NULL), ==,
        "<domain>\n <cputune>\n  <quota>1</quota>\n </cputune>\n</domain>");
    g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xmledit/rows", test_rows);
    g_test_add_func("/xmledit/round-trip", test_round_trip);
    g_test_add_func("/xmledit/list", test_list);
    g_test_add_func("/xmledit/refused", test_refused);
    g_test_add_func("/xmledit/set-refused", test_set_refused);
    g_test_add_func("/xmledit/many", test_many);
    g_test_add_func("/xmledit/large", test_large);
    return g_test_run();
}
