/* Paths to one place below <domain>: "cputune/vcpupin[@vcpu='3']/@cpuset". */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

typedef struct {
    char *name, *value; /* [@name='value'] */
} XmlPredicate;

typedef struct {
    char *name;
    GArray *predicates; /* XmlPredicate */
} XmlStep;

typedef enum { XML_PART_ELEMENT, XML_PART_ATTRIBUTE, XML_PART_TEXT } XmlPart;

typedef struct {
    GArray *steps; /* XmlStep */
    XmlPart part;
    char *attribute; /* XML_PART_ATTRIBUTE */
} XmlPath;

/* NULL with a KVMTUNE_ERROR_USAGE sentence where @text is no such path. */
XmlPath *xml_path_parse(const char *text, GError **error);
void xml_path_free(XmlPath *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlPath, xml_path_free)

#define xml_path_step(path, i) (&g_array_index((path)->steps, XmlStep, (i)))

/* TRUE where @node is an element of no namespace with the step's name and attributes. Numbers are
 * compared as numbers, as libvirt reads them: vcpu='03' is vcpu 3. */
gboolean xml_step_matches(const XmlStep *step, const xmlNode *node);

/* The first element from @node on, among its following siblings, that matches; NULL for none. */
xmlNode *xml_step_find(const XmlStep *step, xmlNode *node);

/* The element @path names below @root, by the first match at every step. Where it is missing, NULL,
 * and *parent is the deepest element there is, *depth the number of steps that led to it. Both may
 * be NULL. */
xmlNode *xml_path_find(const XmlPath *path, xmlNode *root, xmlNode **parent, guint *depth);

/* The value of the un-prefixed attribute @name; NULL where @node has none. The caller frees it. */
char *xml_node_attribute(const xmlNode *node, const char *name);
