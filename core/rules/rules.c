/* The rules' engine: which rows a change speaks to, on what they are asked, and what they say. */
#include "core/rules/rules-private.h"

#include "core/util/text.h"

#include <string.h>

/* Where the subjects stand in a document, and what their keys call them. */
static const struct {
    const char *path, *child, *attribute;
} subjects[] = {
    [OF_HOST] = {NULL, NULL, NULL},
    [OF_DOMAIN] = {"", "", NULL},
    [OF_DISK] = {"devices/disk", "target", "dev"},
    [OF_INTERFACE] = {"devices/interface", "mac", "address"},
    [OF_VCPUPIN] = {"cputune/vcpupin", "", "vcpu"},
    [OF_EMULATORPIN] = {"cputune/emulatorpin", "", NULL},
    [OF_IOTHREADPIN] = {"cputune/iothreadpin", "", "iothread"},
    [OF_TIMER] = {"clock/timer", "", "name"},
};

void finding_free(Finding *finding)
{
    if (finding == NULL)
        return;
    g_strfreev(finding->keys);
    g_free(finding->text);
    g_free(finding->target);
    g_free(finding->key);
    g_free(finding->value);
    g_free(finding->reason);
    g_free(finding);
}

void rule_about(RuleCase *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(c->keys, g_strdup_vprintf(format, args));
    va_end(args);
}

/* @pattern with @name for its upper case part; NULL where it has one and there is no name. */
static char *concrete_key(const char *pattern, const char *name)
{
    const char *upper = pattern;

    while (*upper && !(g_ascii_isupper(*upper) && upper > pattern && upper[-1] == '.' &&
                         (upper[1] == '\0' || upper[1] == '.' || g_ascii_isupper(upper[1]))))
        upper++;
    if (*upper == '\0')
        return g_strdup(pattern);
    const char *end = upper + strcspn(upper, ".");
    return name ? g_strdup_printf("%.*s%s%s", (int)(upper - pattern), pattern, name, end) : NULL;
}

static void name_keys(RuleCase *c, const char *name)
{
    g_ptr_array_set_size(c->keys, 0);
    for (guint i = 0; i < RULE_KEYS && c->rule->keys[i]; i++) {
        char *key = concrete_key(c->rule->keys[i], name);
        if (key)
            g_ptr_array_add(c->keys, key);
    }
}

/* Whether @key, or where it ends in * one that begins so, is staged. */
static gboolean is_staged(const RuleCase *c, const char *key)
{
    GHashTableIter iter;
    gpointer staged;

    if (c->staged == NULL)
        return FALSE;
    if (!g_str_has_suffix(key, "*"))
        return g_hash_table_contains(c->staged, key);
    g_hash_table_iter_init(&iter, c->staged);
    while (g_hash_table_iter_next(&iter, &staged, NULL))
        if (strncmp(staged, key, strlen(key) - 1) == 0)
            return TRUE;
    return FALSE;
}

static gboolean any_staged(const RuleCase *c)
{
    for (guint i = 0; i < c->keys->len; i++)
        if (is_staged(c, g_ptr_array_index(c->keys, i)))
            return TRUE;
    return FALSE;
}

/* What QEMU refuses, a driver that is not QEMU's may take. */
static gboolean is_error(const RuleCase *c)
{
    const char *type = c->root ? xml_read_get(c->root, "type") : NULL;

    if (c->rule->severity != RULE_QEMU_REFUSES)
        return c->rule->severity == RULE_REFUSES;
    return g_strcmp0(type, "kvm") == 0 || g_strcmp0(type, "qemu") == 0;
}

Finding *rule_find(RuleCase *c, const char *format, ...)
{
    Finding *finding = g_new0(Finding, 1);
    va_list args;

    va_start(args, format);
    finding->text = g_strdup_vprintf(format, args);
    va_end(args);
    finding->rule = c->rule->name;
    finding->error = is_error(c);
    finding->staged = any_staged(c);
    finding->keys = g_new0(char *, c->keys->len + 1);
    for (guint i = 0; i < c->keys->len; i++)
        finding->keys[i] = g_strdup(g_ptr_array_index(c->keys, i));
    g_ptr_array_add(c->findings, finding);
    return finding;
}

void rule_offer(Finding *finding, const char *key, const char *value, const char *reason)
{
    finding->key = g_strdup(key);
    finding->value = g_strdup(value);
    finding->reason = g_strdup(reason);
}

const Change *rule_staged(const RuleCase *c, const char *key)
{
    return c->staged ? g_hash_table_lookup(c->staged, key) : NULL;
}

/* Whether the row speaks of one of the staged rows; @rows holds their keys. */
static gboolean speaks(const Rule *rule, GHashTable *rows)
{
    GHashTableIter iter;
    gpointer row;

    for (guint i = 0; i < RULE_KEYS && rule->keys[i]; i++) {
        const char *key = rule->keys[i];
        if (g_hash_table_contains(rows, key))
            return TRUE;
        if (!g_str_has_suffix(key, "*"))
            continue;
        g_hash_table_iter_init(&iter, rows);
        while (g_hash_table_iter_next(&iter, &row, NULL))
            if (strncmp(row, key, strlen(key) - 1) == 0)
                return TRUE;
    }
    return FALSE;
}

/* Whether one of the row's keys is left open, for its function to name. */
static gboolean is_open(const RuleCase *c)
{
    guint count = 0;

    while (count < RULE_KEYS && c->rule->keys[count])
        count++;
    return c->keys->len < count;
}

static void ask_rule(RuleCase *c)
{
    const RuleSubject of = c->rule->of;
    guint before = c->findings->len;

    if (of == OF_HOST) {
        name_keys(c, NULL);
        c->rule->check(c, NULL, NULL);
    }
    for (const xmlNode *element = of == OF_HOST ? NULL : xml_read_at(c->root, subjects[of].path);
         element; element = of == OF_DOMAIN ? NULL : xml_read_next(element)) {
        const char *attribute = subjects[of].attribute;
        const char *name =
            attribute ? xml_read_get(xml_read_at(element, subjects[of].child), attribute) : NULL;
        if (attribute && name == NULL)
            continue;
        name_keys(c, name);
        if (c->staged == NULL || any_staged(c) || is_open(c))
            c->rule->check(c, element, name);
    }
    /* What was so before the plan, and is not touched by it, is none of its business. */
    for (guint i = c->findings->len; c->staged && i-- > before;)
        if (!((Finding *)g_ptr_array_index(c->findings, i))->staged)
            g_ptr_array_remove_index(c->findings, i);
}

static const Rule *(*const files[])(guint *count) = {
    rules_of_host, rules_of_vm, rules_of_cpu, rules_of_memory, rules_of_numa, rules_of_devices};

static void ask_rules(RuleCase *c, const GPtrArray *changes)
{
    g_autoptr(GHashTable) staged = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) rows = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; changes && i < changes->len; i++) {
        const Change *change = g_ptr_array_index(changes, i);
        g_hash_table_insert(staged, change->key->key, (gpointer)change);
        g_hash_table_add(rows, (gpointer)change->key->tunable->key);
    }
    c->staged = changes ? staged : NULL;
    c->keys = keys;
    for (guint f = 0; f < G_N_ELEMENTS(files); f++) {
        guint count;
        const Rule *rules = files[f](&count);
        for (guint i = 0; i < count; i++) {
            c->rule = &rules[i];
            if ((rules[i].of == OF_HOST) == (c->domain == NULL) &&
                (changes == NULL || speaks(&rules[i], rows)))
                ask_rule(c);
        }
    }
}

GPtrArray *rules_names(TargetKind target)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint f = 0; f < G_N_ELEMENTS(files); f++) {
        guint count;
        const Rule *rules = files[f](&count);
        for (guint i = 0; i < count; i++)
            if ((rules[i].of == OF_HOST) == (target == TARGET_HOST))
                g_ptr_array_add(names, (gpointer)rules[i].name);
    }
    return names;
}

GPtrArray *rules_keys(void)
{
    GPtrArray *keys = g_ptr_array_new();

    for (guint f = 0; f < G_N_ELEMENTS(files); f++) {
        guint count;
        const Rule *rules = files[f](&count);
        for (guint i = 0; i < count; i++)
            for (guint k = 0; k < RULE_KEYS && rules[i].keys[k]; k++)
                g_ptr_array_add(keys, (gpointer)rules[i].keys[k]);
    }
    return keys;
}

static GPtrArray *new_findings(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

GPtrArray *rules_check_domain(const RuleGround *ground, const Domain *domain,
    const XmlEdit *document, const GPtrArray *changes)
{
    RuleCase c = {.ground = ground,
        .host = rule_ground_host(ground),
        .domain = domain,
        .root = xml_edit_root(document),
        .document = document,
        .findings = new_findings()};

    c.vcpus = (guint)CLAMP(
        num_or(xml_read_number(xml_read_text(xml_read_at(c.root, "vcpu"))), 1), 1, IDSET_MAX);
    c.memory_kib = num_or(xml_read_kib(xml_read_at(c.root, "memory")), 0);
    ask_rules(&c, changes);
    return c.findings;
}

GPtrArray *rules_check_host(const RuleGround *ground, const GPtrArray *changes)
{
    RuleCase c = {.ground = ground, .host = rule_ground_host(ground), .findings = new_findings()};

    if (c.host)
        ask_rules(&c, changes);
    return c.findings;
}

/* Holds @xml against the rules, with those of @plan's changes made that are not of scope @left. */
static GPtrArray *check_document(const RuleGround *ground, const Plan *plan, const Domain *domain,
    const char *xml, PlanScope left)
{
    g_autoptr(XmlEdit) edit = xml ? xml_edit_open(xml, -1, NULL) : NULL;
    g_autoptr(GPtrArray) changes = g_ptr_array_new();

    for (guint i = 0; edit && i < plan->changes->len; i++) {
        Change *change = g_ptr_array_index(plan->changes, i);
        if (g_str_equal(change->target, domain->uuid) && change->scope != left &&
            tunable_xml_set(change->key, edit, change->value, NULL))
            g_ptr_array_add(changes, change);
    }
    return changes->len > 0 ? rules_check_domain(ground, domain, edit, changes)
                            : g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

GPtrArray *rules_check_staged(const RuleGround *ground, const Plan *plan, const Domain *domain)
{
    return domain->xml_config
               ? check_document(ground, plan, domain, domain->xml_config, SCOPE_LIVE)
               : check_document(ground, plan, domain, domain->xml_live, SCOPE_CONFIG);
}
