/* core/util: sets, sizes, escaping, kernel files. */
#include "core/util/error.h"
#include "core/util/idset.h"
#include "core/util/json.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <glib/gstdio.h>
#include <string.h>

static void test_idset(void)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {{"0-3,8", "0-3,8"}, {"", ""}, {"3,1,2", "1-3"}, {"0-7,^3", "0-2,4-7"}, {"1,", NULL},
        {"-1", NULL}, {"3-1", NULL}, {"1-", NULL}, {"a", NULL}, {"0,,1", NULL}, {"^1-3", NULL},
        {"99999999999", NULL}, {"16384", NULL}, {"16383", "16383"}, {" 1", NULL}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(IdSet) set = idset_parse(rows[i].text, &error);
        g_assert_cmpint(set != NULL, ==, rows[i].printed != NULL);
        if (set == NULL) {
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
            continue;
        }
        g_autofree char *printed = idset_format(set);
        g_assert_cmpstr(printed, ==, rows[i].printed);
    }
}

static void test_escape(void)
{
    static const struct {
        const char *text;
        gsize max;
        const char *shown;
    } rows[] = {{"web1", 0, "web1"}, {"a\033[31mb", 0, "a\\x1b[31mb"}, {"\xff", 0, "\\xff"},
        {"😀", 0, "😀"},
        {"a\xe2\x80\xae"
         "b",
            0, "a\\u{202e}b"},
        {"\xc2\x9b", 0, "\\x9b"}, {"abcdef", 4, "abc…"}, {"abcd", 4, "abcd"}, {"abcde", 4, "abc…"},
        {"~ !", 0, "~ !"}, {"a\x7f", 0, "a\\x7f"}, {"", 3, ""}, {NULL, 0, "–"}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = text_escape(rows[i].text, rows[i].max);
        g_assert_cmpstr(shown, ==, rows[i].shown);
    }
}

/* What acts on a terminal stands as an escape in JSON, and means the same; the rest as it is. */
static void test_json(void)
{
    static const char name[] =
        "w\302\233b\342\200\256\342\200\213\033\177\"\303\244\360\237\220\247";
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonParser) parser = json_parser_new();

    json_builder_begin_object(builder);
    json_put_text(builder, "name", name);
    json_builder_end_object(builder);
    g_autofree char *text = json_to_text(builder);
    g_assert_nonnull(
        strstr(text, "\"w\\u009bb\\u202e\\u200b\\u001b\\u007f\\\"\303\244\360\237\220\247\""));
    g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    g_assert_cmpstr(json_object_get_string_member(object, "name"), ==, name);
}

/* A fraction stands as it was counted, in a text nothing is touched. */
static void test_json_numbers(void)
{
    static const struct {
        gint64 value;
        guint scale;
        const char *printed;
    } rows[] = {{167, 10, "16.7"}, {11, 10, "1.1"}, {-5843, 10, "-584.3"}, {18, 100, "0.18"},
        {0, 10, "0.0"}, {500, 10, "50.0"}, {98765432101, 100, "987654321.01"}};
    static const char title[] = "\"1.1000000000000001, \\\" 46.700000000000003";

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_put_text(builder, title, title);
        json_put_scaled(builder, "n", NUM(rows[i].value), rows[i].scale);
        json_put_num(builder, "whole", NUM(G_MAXINT64));
        json_builder_end_object(builder);
        g_autofree char *text = json_to_text(builder);
        g_autofree char *number = g_strdup_printf("\"n\" : %s,", rows[i].printed);
        g_assert_nonnull(strstr(text, number));
        g_assert_nonnull(strstr(text, "\"whole\" : 9223372036854775807"));
        g_autoptr(JsonParser) parser = json_parser_new();
        g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
        JsonObject *object = json_node_get_object(json_parser_get_root(parser));
        g_assert_cmpstr(json_object_get_string_member(object, title), ==, title);
    }
}

/* JSON from outside: as deep as it may be and no deeper, however its strings look. */
static void test_json_read(void)
{
    static const struct {
        const char *before, *after;
        guint levels; /* of [] between the two */
        gboolean taken;
    } rows[] = {
        {"{\"a\":1}", "", 0, TRUE},
        {"{\"a\":", "}", JSON_DEPTH - 1, TRUE},
        {"{\"a\":", "}", JSON_DEPTH, FALSE},
        {"{\"a\":", "}", 1000000, FALSE},
        {"{\"]]]\\\"]]]\":", "}", JSON_DEPTH, FALSE},
        {"{\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\":", "}", 1, TRUE},
        {"{/*\"*/\"a\":", "}", 1000000, FALSE},
        {"{//\"\n\"a\":", "}", 1000000, FALSE},
        {"{'\"':", "}", 1000000, FALSE},
        {"[", "]", 1, FALSE},
        {"{", "", 0, FALSE},
        {"]{", "}", 0, FALSE},
        {"", "", 0, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autofree char *opened = g_strnfill(rows[i].levels, '[');
        g_autofree char *closed = g_strnfill(rows[i].levels, ']');
        g_autofree char *text = g_strconcat(rows[i].before, opened, closed, rows[i].after, NULL);
        g_test_message("row %u", i);
        g_assert_cmpint(json_read_object(parser, text, strlen(text)) != NULL, ==, rows[i].taken);
    }
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_null(json_read_object(parser, "{\0}", 3));
}

static void test_size(void)
{
    static const struct {
        const char *text;
        guint64 kib; /* 0: no size */
    } rows[] = {{"2M", 2048}, {"1G", 1048576}, {"4", 4}, {"2048KiB", 2048}, {"2m", 2048}, {"0", 0},
        {"-2M", 0}, {"2X", 0}, {"", 0}, {"99999999999999999999", 0}, {"9007199254740993", 0},
        {"18014398509481984G", 0}, {"2M ", 0}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 kib = 0;
        g_assert_cmpint(text_parse_size(rows[i].text, &kib), ==, rows[i].kib != 0);
        g_assert_cmpuint(kib, ==, rows[i].kib);
    }
}

static void test_rootfile(void)
{
    g_autofree char *root = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(root, "value", NULL);
    g_autoptr(GError) error = NULL;
    gint64 value;

    g_assert_true(g_file_set_contents(path, "123456\n", -1, NULL));
    g_assert_true(rootfile_write(root, "/value", "7", &error));
    g_assert_no_error(error);
    g_assert_true(rootfile_read_int(root, "/value", &value));
    g_assert_cmpint(value, ==, 7);
    g_assert_null(rootfile_read(root, "/none"));
    g_assert_false(rootfile_write(root, "/none", "7", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_remove(path);
    g_rmdir(root);
}

static void test_mount_path(void)
{
    static const struct {
        const char *text, *path;
    } rows[] = {{"/dev/hugepages", "/dev/hugepages"}, {"/a\\040b\\011\\012\\134c", "/a b\t\n\\c"},
        {"/a\\", "/a\\"}, {"/a\\04", "/a\\04"}, {"/a\\101\\n", "/a\\101\\n"}, {"", ""}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = text_mount_path(rows[i].text);
        g_assert_cmpstr(path, ==, rows[i].path);
    }
}

static void test_list_without(void)
{
    static const struct {
        const char *list, *others, *rest;
    } rows[] = {
        {"", "", ""},
        {"/a,/b,/c", "", "/a,/b,/c"},
        {"/c,/a,/b", "/b", "/c,/a"},
        {"/a", "/a,/b", ""},
        {"/a,/ab", "/a", "/ab"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) rest = text_list_without(rows[i].list, rows[i].others);
        g_autofree char *joined = g_strjoinv(",", rest);
        g_assert_cmpstr(joined, ==, rows[i].rest);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/list-without", test_list_without);
    g_test_add_func("/util/idset", test_idset);
    g_test_add_func("/util/escape", test_escape);
    g_test_add_func("/util/json", test_json);
    g_test_add_func("/util/json-numbers", test_json_numbers);
    g_test_add_func("/util/json-read", test_json_read);
    g_test_add_func("/util/size", test_size);
    g_test_add_func("/util/mount-path", test_mount_path);
    g_test_add_func("/util/rootfile", test_rootfile);
    return g_test_run();
}
