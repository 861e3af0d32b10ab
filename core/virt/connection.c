/* The connection to libvirt: opened, asked, written through; list.c reads domains through it. */
#include "core/virt/connection.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/connection-private.h"
#include "core/virt/events.h"
#include "core/virt/remote.h"

#include <errno.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT   3

static void silence(void *data, virErrorPtr error)
{
    (void)data;
    (void)error; /* every error is fetched and told where it belongs */
}

/* What a user can do about an error of libvirt; "" where its own words say it all. */
static const char *advice(int code)
{
    static const struct {
        int code;
        const char *text;
    } rows[] = {
        {VIR_ERR_SYSTEM_ERROR, " (is libvirtd or virtqemud running, and may you use its socket?)"},
        {VIR_ERR_AUTH_FAILED, " (run kvmtune as root, or join the group libvirt)"},
        {VIR_ERR_AUTH_CANCELLED, " (run kvmtune as root, or join the group libvirt)"},
        {VIR_ERR_AUTH_UNAVAILABLE, " (run kvmtune as root, or join the group libvirt)"},
        {VIR_ERR_NO_CONNECT, " (check the URI; qemu:///system is this host's)"},
        {VIR_ERR_OPERATION_DENIED, " (the connection is read-only: run kvmtune as root)"},
        {VIR_ERR_OPERATION_TIMEOUT, " (another job holds the domain: try again)"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].code == code)
            return rows[i].text;
    return "";
}

void connection_error(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *reason = text_escape(virGetLastErrorMessage(), 400);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s: %s%s", what, reason,
        advice(virGetLastErrorCode()));
}

static void say_nothing(void *data, const char *format, ...)
{
    (void)data;
    (void)format;
}

static gpointer run_events(gpointer data)
{
    (void)data;
    for (;;)
        if (virEventRunDefaultImpl() < 0)
            g_usleep(G_USEC_PER_SEC / 10);
    return NULL;
}

void connection_set_up(void)
{
    static gsize once;

    if (!g_once_init_enter(&once))
        return;
    /* Errors reach the user through GError; what the drivers inside this process log (the embedded
     * one warns of much) would go to stderr, which is the screen. The user's own setting stands. */
    g_setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", FALSE);
    /* The test driver lets libxml2 speak for itself when its FILE cannot be read. */
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlThrDefSetGenericErrorFunc(NULL, say_nothing);
    g_once_init_leave(&once, 1);
}

/* Loads and initialises libvirt, once a process: some twenty milliseconds, which nobody but who
 * needs it waits for. FALSE with a sentence where it cannot be loaded. */
static gboolean start_libvirt(GError **error)
{
    static gsize once;

    if (!libvirt_load(error))
        return FALSE;
    if (!g_once_init_enter(&once))
        return TRUE;
    virSetErrorFunc(NULL, silence);
    virInitialize();
    /* libvirt's loop runs from here to the end: keepalive, events and the embedded driver all live
     * by it. */
    virEventRegisterDefaultImpl();
    g_thread_unref(g_thread_new("libvirt-events", run_events, NULL));
    g_once_init_leave(&once, 1);
    return TRUE;
}

/* Whether writing was refused for lack of rights, so that reading is worth a try. libvirt wraps
 * the socket's errno: VIR_ERR_SYSTEM_ERROR has it in int1. */
static gboolean was_refused(void)
{
    const virError *last = virGetLastError();

    if (last == NULL)
        return FALSE;
    return last->code == VIR_ERR_AUTH_FAILED || last->code == VIR_ERR_AUTH_CANCELLED ||
           last->code == VIR_ERR_AUTH_UNAVAILABLE || last->code == VIR_ERR_ACCESS_DENIED ||
           last->code == VIR_ERR_OPERATION_DENIED ||
           (last->code == VIR_ERR_SYSTEM_ERROR && (last->int1 == EACCES || last->int1 == EPERM));
}

Connection *connection_open(const char *uri, gboolean read_only, GError **error)
{
    connection_set_up();
    if (!start_libvirt(error))
        return NULL;
    /* Without virConnectAuth libvirt never prompts: what needs a password fails. */
    virConnectPtr handle = read_only ? virConnectOpenReadOnly(uri) : virConnectOpen(uri);
    if (handle == NULL && !read_only && was_refused()) {
        handle = virConnectOpenReadOnly(uri);
        read_only = TRUE;
    }
    if (handle == NULL) {
        g_autofree char *shown = connection_shown_uri(uri);
        g_autoptr(GError) problem = NULL;
        connection_error(&problem, "no connection to %s", shown);
        /* libvirt may quote the URI as it was given, with its password. */
        g_auto(GStrv) parts = g_strsplit(problem->message, uri, -1);
        g_autofree char *sentence = g_strjoinv(shown, parts);
        g_set_error_literal(error, problem->domain, problem->code, sentence);
        return NULL;
    }
    Connection *connection = g_new0(Connection, 1);
    char *canonical = virConnectGetURI(handle);
    connection->handle = handle;
    connection->read_only = read_only;
    connection->secure = !read_only;
    connection->uri = connection_shown_uri(canonical ? canonical : uri);
    connection->test = g_strcmp0(virConnectGetType(handle), "TEST") == 0;
    /* A network may lose a daemon without a word. A local one that hangs may come back (SIGCONT, a
     * debugger): its socket says when it is gone, so it is waited for. */
    if (remote_uri(connection->uri))
        virConnectSetKeepAlive(handle, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    free(canonical);
    return connection;
}

void connection_close(Connection *connection)
{
    if (connection == NULL)
        return;
    events_stop(connection);
    virConnectClose(connection->handle);
    g_free(connection->uri);
    g_free(connection);
}

/* Whether the parameter @text ("NAME=VALUE") of a URI is a secret. */
static gboolean is_secret(const char *text)
{
    static const char *const names[] = {"password", "passwd", "pass", "secret", "token", NULL};
    g_autofree char *name =
        g_uri_unescape_segment(text, text + strcspn(text, "="), NULL); /* NULL: no UTF-8 */
    g_autofree char *folded = name ? g_ascii_strdown(name, -1) : NULL;

    return folded && g_strv_contains(names, folded);
}

/* Adds what follows "?" in a URI, up to its end or "#", without the secrets. */
static void add_parameters(GString *out, const char *query, gsize length)
{
    g_autofree char *text = g_strndup(query, length);
    g_auto(GStrv) parts = g_strsplit_set(text, "&;", -1);
    char before = '?';

    for (guint i = 0; parts[i]; i++) {
        if (is_secret(parts[i]))
            continue;
        g_string_append_c(out, before);
        g_string_append(out, parts[i]);
        before = '&';
    }
}

char *connection_shown_uri(const char *uri)
{
    const char *scheme_end = uri ? strstr(uri, "://") : NULL;

    if (scheme_end == NULL)
        return text_escape(uri, 200);
    const char *authority = scheme_end + 3;
    gsize length = strcspn(authority, "/?#");
    /* The last "@" ends the user part: a careless password may hold one itself. */
    const char *at = g_strrstr_len(authority, (gssize)length, "@");
    const char *colon = at ? memchr(authority, ':', (gsize)(at - authority)) : NULL;
    const char *rest = colon ? at : authority;
    gsize place = strcspn(rest, "?#");
    g_autoptr(GString) out = g_string_new_len(uri, (gssize)((colon ? colon : authority) - uri));

    g_string_append_len(out, rest, (gssize)place);
    if (rest[place] == '?') {
        gsize query = strcspn(rest + place + 1, "#");
        add_parameters(out, rest + place + 1, query);
        place += 1 + query;
    }
    g_string_append(out, rest + place);
    return text_escape(out->str, 200);
}

const char *connection_default_uri(void)
{
    const char *uri = g_getenv("LIBVIRT_DEFAULT_URI");

    return uri && *uri ? uri : "qemu:///system";
}

gboolean connection_answers(Connection *connection)
{
    unsigned long version;

    return virConnectGetLibVersion(connection->handle, &version) == 0;
}

gboolean connection_read_only(const Connection *connection)
{
    return connection->read_only;
}

gboolean connection_alive(Connection *connection)
{
    return virConnectIsAlive(connection->handle) == 1;
}

/* libvirt packs a version as major × 1,000,000 + minor × 1,000 + release. */
static char *format_version(unsigned long version)
{
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

const char *connection_type(Connection *connection)
{
    const char *type = virConnectGetType(connection->handle);

    return type ? type : "–";
}

char *connection_hypervisor(Connection *connection)
{
    unsigned long version = 0;

    if (virConnectGetVersion(connection->handle, &version) != 0 || version == 0)
        return g_strdup(connection_type(connection));
    g_autofree char *number = format_version(version);
    return g_strdup_printf("%s %s", connection_type(connection), number);
}

char *connection_libvirt(Connection *connection)
{
    unsigned long version = 0;

    return virConnectGetLibVersion(connection->handle, &version) == 0 ? format_version(version)
                                                                      : g_strdup("–");
}

gboolean connection_define(
    Connection *connection, const char *name, const char *uuid, const char *xml, GError **error)
{
    virDomainPtr handle =
        virDomainDefineXMLFlags(connection->handle, xml, VIR_DOMAIN_DEFINE_VALIDATE);

    if (handle == NULL) {
        g_autofree char *shown = text_escape(name, 60);
        connection_error(error, "libvirt does not take the new definition of %s", shown);
        return FALSE;
    }
    char defined[VIR_UUID_STRING_BUFLEN] = "";
    gboolean same =
        virDomainGetUUIDString(handle, defined) == 0 && g_ascii_strcasecmp(defined, uuid) == 0;
    virDomainFree(handle);
    if (!same)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the definition for domain %s has defined domain %s: its <uuid> differs", uuid,
            defined);
    return same;
}
