/* Paths to one place below <domain>; the catalogue's rows are made of them.
 *
 *   cputune/vcpupin[@vcpu='3']/@cpuset                       an attribute
 *   memoryBacking/nosharepages                               an element that is there or not
 *   memory/text()                                            an element's text
 *   devices/disk[target/@dev='vda']!/driver/@cache           found by what a child says
 *   blkiotune/device[path='/dev/sda']/weight/text()          … or by a child's text
 *   cpu/topology/@sockets:@dies=1:@cores:@threads            attributes that are one value: 2:1:4:2
 *   devices/interface[…]!/bandwidth/inbound/@average,@peak,@burst,@floor
 *
 * A step marked "!" is never made nor taken away: the domain has such an element or the path names
 * nothing. "@dies=1" is an attribute that reads as 1 where it is missing, and then need not be
 * written; one beside it has no such reading, or nothing might be written at all. No path goes into
 * the child by which it knows an element that it may make, and "xmlns" is not an attribute. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/* [@attribute='value'], [child/@attribute='value'] or [child='value'] */
typedef struct {
    char *child;     /* NULL: the element's own attribute */
    char *attribute; /* NULL: the child's text */
    char *value;
} XmlPredicate;

typedef struct {
    char *name;
    GArray *predicates; /* XmlPredicate */
    gboolean required;  /* marked "!" */
} XmlStep;

typedef enum { XML_PART_ELEMENT, XML_PART_ATTRIBUTES, XML_PART_TEXT } XmlPart;

typedef struct {
    char *name;
    char *fallback; /* what a missing one is read as; NULL: it has none */
} XmlAttribute;

typedef struct {
    GArray *steps; /* XmlStep */
    XmlPart part;
    GArray *attributes; /* XmlAttribute; at least one for XML_PART_ATTRIBUTES, else none */
    char separator[2];  /* between the values of several attributes */
} XmlPath;

/* NULL with a KVMTUNE_ERROR_USAGE sentence where @text is no such path. */
XmlPath *xml_path_parse(const char *text, GError **error);
void xml_path_free(XmlPath *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlPath, xml_path_free)

#define xml_path_step(path, i)      (&g_array_index((path)->steps, XmlStep, (i)))
#define xml_path_attribute(path, i) (&g_array_index((path)->attributes, XmlAttribute, (i)))
#define xml_step_predicate(step, i) (&g_array_index((step)->predicates, XmlPredicate, (i)))

/* TRUE where @node is an element of no namespace with the step's name and predicates. Numbers are
 * compared as numbers, as libvirt reads them: vcpu='03' is vcpu 3; MAC addresses whatever the case
 * of their digits. */
gboolean xml_step_matches(const XmlStep *step, const xmlNode *node);

/* The first element from @node on, among its following siblings, that matches; NULL for none. */
xmlNode *xml_step_find(const XmlStep *step, xmlNode *node);

/* The element @path names below @root, by the first match at every step. Where it is missing, NULL,
 * and *parent is the deepest element there is, *depth the number of steps that led to it. Both may
 * be NULL. */
xmlNode *xml_path_find(const XmlPath *path, xmlNode *root, xmlNode **parent, guint *depth);

/* TRUE where every step marked "!" has its element. */
gboolean xml_path_has_room(const XmlPath *path, xmlNode *root);

/* The value of the un-prefixed attribute @name; NULL where @node has none. The caller frees it. */
char *xml_node_attribute(const xmlNode *node, const char *name);
/* The text directly in @node. The caller frees it. */
char *xml_node_text(const xmlNode *node);

/* TRUE where the value is an attribute by which the path, of a step or more, knows its element: it
 * can be changed, not made, and once changed the path names another element or none. */
gboolean xml_path_names_its_value(const XmlPath *path);
