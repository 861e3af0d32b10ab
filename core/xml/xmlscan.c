/* A small tokenizer over the bytes of well-formed XML: byte ranges of tags and attributes. */
#include "core/xml/xmlscan.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

gboolean xml_is_text(const char *text)
{
    gboolean ok = g_utf8_validate(text, -1, NULL);

    for (const char *p = text; ok && *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        ok = (c >= 0x20 && c != 0xfffe && c != 0xffff) || xml_is_space(c);
    }
    return ok;
}

static gboolean starts(const char *text, gsize length, gsize at, const char *prefix)
{
    gsize n = strlen(prefix);
    return length - at >= n && memcmp(text + at, prefix, n) == 0;
}

/* The offset after the next @what from @at; @length where there is none. */
static gsize after(const char *text, gsize length, gsize at, const char *what)
{
    const char *found = memmem(text + at, length - at, what, strlen(what));
    return found ? (gsize)(found - text) + strlen(what) : length;
}

gsize xml_scan_skip(const char *text, gsize length, gsize at)
{
    static const struct {
        const char *open, *close;
    } rows[] = {{"<!--", "-->"}, {"<?", "?>"}, {"<![CDATA[", "]]>"}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (starts(text, length, at, rows[i].open))
            return after(text, length, at + strlen(rows[i].open), rows[i].close);
    }
    return at;
}

/* The encoding of the XML declaration that is the first @length bytes of @text; NULL for none. */
static char *declared_encoding(const char *text, gsize length)
{
    const char *p = memmem(text, length, "encoding", 8);
    const char *end = text + length;

    if (p == NULL)
        return NULL;
    for (p += 8; p < end && (xml_is_space(*p) || *p == '='); p++)
        ;
    if (p >= end || (*p != '"' && *p != '\''))
        return NULL;
    const char *quote = memchr(p + 1, *p, (gsize)(end - p - 1));
    return quote ? g_strndup(p + 1, (gsize)(quote - p - 1)) : NULL;
}

/* UTF-8, ASCII and ISO-8859 have every byte below 0x80 as ASCII has it; libvirt writes UTF-8. */
static gboolean check_encoding(const char *encoding, gboolean *utf8, GError **error)
{
    *utf8 = encoding == NULL || g_ascii_strcasecmp(encoding, "UTF-8") == 0;
    if (*utf8 || g_ascii_strcasecmp(encoding, "US-ASCII") == 0 ||
        g_ascii_strncasecmp(encoding, "ISO-8859-", 9) == 0)
        return TRUE;
    g_autofree char *shown = text_escape(encoding, 30);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "the document is in the encoding \"%s\", which is not edited: convert it to UTF-8", shown);
    return FALSE;
}

/* The first ">" or @other from @at on that stands in no quotes; @length where none does. */
static gsize skip_to(const char *text, gsize length, gsize at, char other)
{
    while (at < length && text[at] != '>' && text[at] != other) {
        if (text[at] == '"' || text[at] == '\'') {
            const char *quote = memchr(text + at + 1, text[at], length - at - 1);
            if (quote == NULL)
                return length;
            at = (gsize)(quote - text);
        }
        at++;
    }
    return at;
}

/* The DOCTYPE that begins at @at: its end, or 0 with a sentence where it has an internal subset. */
static gsize skip_doctype(const char *text, gsize length, gsize at, GError **error)
{
    at = skip_to(text, length, at, '[');
    if (at < length && text[at] == '[') {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the document's DOCTYPE declares entities or elements, which is not accepted: remove "
            "the DOCTYPE, libvirt's documents have none");
        return 0;
    }
    return MIN(at + 1, length);
}

gboolean xml_scan_prolog(const char *text, gsize length, gboolean *utf8, GError **error)
{
    g_autofree char *encoding = NULL;
    gsize at = 0;

    if (starts(text, length, 0, "\xff\xfe") || starts(text, length, 0, "\xfe\xff"))
        return check_encoding("UTF-16", utf8, error);
    if (memchr(text, '\0', length) != NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the document holds a NUL byte: it is no XML, or not in UTF-8; convert it to UTF-8");
        return FALSE;
    }
    if (starts(text, length, 0, "\xef\xbb\xbf"))
        at = 3;
    if (starts(text, length, at, "<?xml")) {
        gsize end = xml_scan_skip(text, length, at);
        encoding = declared_encoding(text + at, end - at);
        at = end;
    }
    if (!check_encoding(encoding, utf8, error))
        return FALSE;
    while (at < length) {
        gsize next = xml_scan_skip(text, length, at);
        if (starts(text, length, at, "<!DOCTYPE")) {
            next = skip_doctype(text, length, at, error);
            if (next == 0)
                return FALSE;
        } else if (xml_is_space(text[at])) {
            next = at + 1;
        }
        if (next == at)
            break;
        at = next;
    }
    return TRUE;
}

/* The end of the name that begins at @at. */
static gsize skip_name(const char *text, gsize length, gsize at)
{
    while (at < length && !xml_is_space(text[at]) && strchr("=/>", text[at]) == NULL)
        at++;
    return at;
}

/* The end of the start tag whose name ends at @at. */
static gsize skip_tag(const char *text, gsize length, gsize at)
{
    return MIN(skip_to(text, length, at, '>') + 1, length);
}

GArray *xml_scan_elements(const char *text, gsize length)
{
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(XmlSpan));
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint)); /* not closed yet */
    const char *lt;

    for (gsize at = 0; at < length && (lt = memchr(text + at, '<', length - at)) != NULL;) {
        gsize start = (gsize)(lt - text);
        at = xml_scan_skip(text, length, start);
        if (at != start)
            continue;
        if (starts(text, length, start, "<!")) { /* a DOCTYPE without subset */
            at = skip_tag(text, length, start);
        } else if (starts(text, length, start, "</")) {
            if (open->len == 0)
                return NULL;
            at = after(text, length, start, ">");
            guint index = g_array_index(open, guint, open->len - 1);
            XmlSpan *span = &g_array_index(spans, XmlSpan, index);
            span->end_tag = (guint32)start;
            span->end = (guint32)at;
            g_array_set_size(open, open->len - 1);
        } else {
            gsize name_end = skip_name(text, length, start + 1);
            at = skip_tag(text, length, name_end);
            XmlSpan span = {
                (guint32)start, (guint32)name_end, (guint32)at, (guint32)at, (guint32)at};
            if (text[at - 2] != '/')
                g_array_append_val(open, spans->len);
            g_array_append_val(spans, span);
        }
    }
    return open->len == 0 ? g_steal_pointer(&spans) : NULL;
}

gboolean xml_scan_attribute(
    const char *text, const XmlSpan *span, guint32 *at, XmlAttributeSpan *attribute)
{
    guint32 p = *at;

    attribute->space = p;
    while (p < span->tag_end && xml_is_space(text[p]))
        p++;
    attribute->name = p;
    attribute->name_end = p = (guint32)skip_name(text, span->tag_end, p);
    while (p < span->tag_end && (xml_is_space(text[p]) || text[p] == '='))
        p++;
    if (attribute->name_end == attribute->name || p >= span->tag_end)
        return FALSE;
    const char *quote = memchr(text + p + 1, text[p], span->tag_end - p - 1);
    if (quote == NULL)
        return FALSE;
    attribute->value = p + 1;
    attribute->value_end = (guint32)(quote - text);
    attribute->end = *at = attribute->value_end + 1;
    return TRUE;
}
