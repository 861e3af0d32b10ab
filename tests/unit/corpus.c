/* Domain files: real ones of ../shared/corpus, and our own. */
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

/* The text behind the tag, comment or CDATA section at @text, which begins with "<". */
static const char *behind_tag(const char *text)
{
    static const char *const ends[][2] = {
        {"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<", ">"}};
    gsize i = 0;

    while (!g_str_has_prefix(text, ends[i][0]))
        i++;
    const char *end = strstr(text, ends[i][1]);
    g_assert_nonnull(end);
    return end + strlen(ends[i][1]);
}

char *corpus_lines(const char *text)
{
    const char *first = strchr(text, '\n');
    gboolean spread = first == NULL || first[1] == '\0';
    g_autoptr(GString) lines = g_string_new(NULL);

    for (const char *at = strchr(text, '<'), *next; at != NULL; at = next) {
        const char *behind = behind_tag(at);
        g_autofree char *tag = g_strndup(at, (gsize)(behind - at));
        spread = spread || (g_ascii_isalpha(tag[1]) && strchr(tag, '\n'));
        next = strchr(behind, '<');
        g_autofree char *content = next ? g_strndup(behind, (gsize)(next - behind)) : g_strdup("");
        g_string_append_printf(lines, "%s%s\n", g_strdelimit(tag, "\r\n\t", ' '),
            g_strdelimit(g_strchomp(content), "\r\n\t", ' '));
    }
    return spread ? g_string_free(g_steal_pointer(&lines), FALSE) : g_strdup(text);
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
    g_autofree char *path =
        g_build_filename(g_getenv("top_srcdir") ? g_getenv("top_srcdir") : ".", folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (dir == NULL) {
        g_autofree char *why = g_strdup_printf("no folder %s", path);
        g_test_skip(why);
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
