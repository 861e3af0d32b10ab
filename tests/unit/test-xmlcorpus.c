/* core/xml/xmledit over real domain files (../shared/corpus): every edit of a table in every file,
 * checked against libxml2's tree, the diff and libvirt's own schema. */
#include "core/preview/diff.h"
#include "core/xml/xmledit.h"
#include "core/xml/xmlpath.h"

#include "tests/unit/corpus.h"

#include <string.h>

static const struct {
    const char *path, *value;
} edits[] = {
    {"cputune/vcpupin[@vcpu='0']/@cpuset", "0-1,3"},
    {"cputune/vcpupin[@vcpu='2']/@cpuset", "7"},
    {"cputune/emulatorpin/@cpuset", "2"},
    {"memoryBacking/nosharepages", ""},
    {"memoryBacking/hugepages", ""},
    {"memoryBacking/hugepages/page[@size='2048'][@unit='KiB'][@nodeset='0-1']", ""},
    {"numatune/memory/@mode", "interleave"},
    {"memtune/hard_limit/text()", "4194304"},
};

static guint n_files, n_edits, n_valid, n_reverted;

static void drop(xmlNode *node)
{
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

static void drop_blanks(xmlNode *node)
{
    for (xmlNode *child = node->children, *next; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_TEXT_NODE && xmlIsBlankNode(child))
            drop(child);
        else if (child->type == XML_ELEMENT_NODE)
            drop_blanks(child);
    }
}

/* The document as libxml2 writes it, without the place @path names and what is empty by that. */
static char *without(const char *text, const XmlPath *path)
{
    xmlDoc *doc = corpus_parse(text);
    xmlNode *root = xmlDocGetRootElement(doc), *node;

    drop_blanks(root);
    xmlNode *element = xml_path_find(path, root, &node, NULL);
    if (element != NULL && path->part != XML_PART_ATTRIBUTES) {
        node = element->parent;
        drop(element);
    } else if (element != NULL) {
        xmlUnsetNsProp(element, NULL, (const xmlChar *)xml_path_attribute(path, 0)->name);
        const XmlStep *last = xml_path_step(path, path->steps->len - 1);
        for (guint i = 0; i < last->predicates->len; i++)
            xmlUnsetProp(element, (const xmlChar *)xml_step_predicate(last, i)->attribute);
    }
    while (node != root && node->children == NULL && node->properties == NULL) {
        xmlNode *empty = node;
        node = node->parent;
        drop(empty);
    }
    xmlChar *dumped;
    xmlDocDumpMemory(doc, &dumped, NULL);
    char *copy = g_strdup((const char *)dumped);
    xmlFree(dumped);
    xmlFreeDoc(doc);
    return copy;
}

/* Every line that differs is one of the path's elements. */
static void check_lines(const char *before, const char *after, const XmlPath *path)
{
    g_autofree char *was = corpus_lines(before), *is = corpus_lines(after);
    g_autoptr(GPtrArray) lines = diff_unified(was, is, 0, NULL);
    guint most = 2 * path->steps->len + 1;
    guint changed = 0;

    for (guint i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];
        gboolean named = *line == '@' || *line == '\\';
        changed += !named;
        for (guint k = 0; k < path->steps->len && !named; k++)
            named = strstr(line, xml_path_step(path, k)->name) != NULL;
        if (!named)
            g_error("a line of something else differs: %s", line);
    }
    g_assert_cmpuint(changed, <=, most);
}

/* TRUE where taking the new element out again must give the first bytes: neither it nor an empty
 * container (which would go) was there before. */
static gboolean is_reversible(const char *text, const XmlPath *path)
{
    xmlDoc *doc = corpus_parse(text);
    xmlNode *root = xmlDocGetRootElement(doc), *parent;
    xmlNode *element = xml_path_find(path, root, &parent, NULL);

    drop_blanks(root);
    gboolean reversible = element == NULL && (parent == root || parent->children != NULL);
    xmlFreeDoc(doc);
    return reversible;
}

static void check_edit(
    const char *name, const char *before, gboolean valid, const char *where, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(XmlPath) path = xml_path_parse(where, NULL);
    g_autoptr(XmlEdit) edit = xml_edit_open(before, -1, &error);

    g_assert_no_error(error);
    g_test_message("%s: %s", name, where);
    g_assert_true(xml_edit_set(edit, where, value, &error));
    g_autofree char *got = xml_edit_get(edit, where);
    g_assert_cmpstr(got, ==, value);
    g_autofree char *after = g_strdup(xml_edit_text(edit, NULL));
    g_autofree char *rest_before = without(before, path);
    g_autofree char *rest_after = without(after, path);
    g_assert_cmpstr(rest_before, ==, rest_after);
    check_lines(before, after, path);
    g_assert_true(xml_edit_set(edit, where, value, &error));
    g_assert_cmpstr(xml_edit_text(edit, NULL), ==, after);
    n_edits++;

    g_assert_true(xml_edit_set(edit, where, NULL, &error));
    g_assert_null(xml_edit_get(edit, where));
    g_autofree char *removed = g_strdup(xml_edit_text(edit, NULL));
    g_autofree char *rest_removed = without(removed, path);
    g_assert_cmpstr(rest_before, ==, rest_removed);
    if (is_reversible(before, path)) {
        g_assert_cmpstr(removed, ==, before);
        n_reverted++;
    }
    if (valid) {
        if (!corpus_is_valid(after))
            g_error("%s: %s makes it invalid", name, where);
        g_assert_true(g_str_equal(removed, before) || corpus_is_valid(removed));
        n_valid++;
    }
}

/* All edits, one upon the other, then taken out in the same order: nothing is left of them but
 * values that were there before. */
static void check_file(const char *name, const char *text)
{
    g_autoptr(XmlEdit) edit = xml_edit_open(text, -1, NULL);
    gboolean valid = corpus_is_valid(text);

    n_files++;
    for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
        check_edit(name, text, valid, edits[i].path, edits[i].value);
        g_assert_true(xml_edit_set(edit, edits[i].path, edits[i].value, NULL));
    }
    const char *all = xml_edit_text(edit, NULL);
    g_assert_true(!valid || corpus_is_valid(all));
    if (strchr(text, '\r'))
        return;
    g_autofree char *crlf_before = NULL, *crlf_after = NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) all_lines = g_strsplit(all, "\n", -1);
    crlf_before = g_strjoinv("\r\n", lines);
    crlf_after = g_strjoinv("\r\n", all_lines);
    g_autoptr(XmlEdit) crlf = xml_edit_open(crlf_before, -1, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(edits); i++)
        g_assert_true(xml_edit_set(crlf, edits[i].path, edits[i].value, NULL));
    g_assert_cmpstr(xml_edit_text(crlf, NULL), ==, crlf_after);
}

static void test_corpus(gconstpointer folder)
{
    gint64 start = g_get_monotonic_time();

    n_files = n_edits = n_valid = n_reverted = 0;
    if (!corpus_each_domain(folder, check_file))
        return;
    g_assert_cmpuint(n_files, >, 0);
    g_print("# %s: %u files, %u edits, %u valid before and after, %u reverted, %.1f s\n",
        (const char *)folder, n_files, n_edits, n_valid, n_reverted,
        (double)(g_get_monotonic_time() - start) / 1e6);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/xmlcorpus/libvirt", CORPUS_LIBVIRT, test_corpus);
    g_test_add_data_func("/xmlcorpus/virt-manager", CORPUS_VIRT_MANAGER, test_corpus);
    g_test_add_data_func("/xmlcorpus/own", CORPUS_OWN, test_corpus);
    int result = g_test_run();
    corpus_close();
    return result;
}
