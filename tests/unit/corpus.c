/* The corpus of real domain files. */
#include "tests/unit/corpus.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"

static xmlRelaxNG *schema; /* read at the first use; NULL: not installed */

xmlDoc *corpus_parse(const char *text)
{
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
    g_assert_nonnull(doc);
    return doc;
}

#if LIBXML_VERSION >= 21200
static void ignore_error(void *data, const xmlError *error)
#else
static void ignore_error(void *data, xmlErrorPtr error)
#endif
{
    (void)data;
    (void)error;
}

static void read_schema(void)
{
    static gboolean tried;

    if (tried)
        return;
    tried = TRUE;
    if (!g_file_test(SCHEMA, G_FILE_TEST_EXISTS)) {
        g_print("# no %s: validity is not checked\n", SCHEMA);
        return;
    }
    xmlRelaxNGParserCtxt *context = xmlRelaxNGNewParserCtxt(SCHEMA);
    schema = xmlRelaxNGParse(context);
    xmlRelaxNGFreeParserCtxt(context);
}

gboolean corpus_is_valid(const char *text)
{
    read_schema();
    if (schema == NULL)
        return FALSE;
    xmlDoc *doc = corpus_parse(text);
    xmlRelaxNGValidCtxt *context = xmlRelaxNGNewValidCtxt(schema);
    xmlRelaxNGSetValidStructuredErrors(context, ignore_error, NULL);
    gboolean valid = xmlRelaxNGValidateDoc(context, doc) == 0;
    xmlRelaxNGFreeValidCtxt(context);
    xmlFreeDoc(doc);
    return valid;
}

void corpus_close(void)
{
    g_clear_pointer(&schema, xmlRelaxNGFree);
    xmlCleanupParser();
}

static gboolean is_domain(const char *text)
{
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    gboolean domain = doc != NULL && xmlDocGetRootElement(doc) != NULL &&
                      xmlStrEqual(xmlDocGetRootElement(doc)->name, (const xmlChar *)"domain");
    xmlFreeDoc(doc);
    return domain;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

gboolean corpus_each_domain(const char *folder, void (*check)(const char *name, const char *text))
{
    g_autofree char *path = g_build_filename(g_getenv("top_srcdir") ? g_getenv("top_srcdir") : ".",
        "..", "shared", "corpus", folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (dir == NULL) {
        g_test_skip("no such folder in ../shared/corpus beside the source");
        return FALSE;
    }
    while ((name = g_dir_read_name(dir)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);
        g_autofree char *text = NULL;
        if (g_file_get_contents(file, &text, NULL, NULL) && is_domain(text))
            check(names->pdata[i], text);
    }
    return TRUE;
}
