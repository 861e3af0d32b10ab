/* The few words in which core/virt reads libvirt's documents as libxml2 parsed them. */
#pragma once

#include "core/util/idset.h"

#include <libxml/tree.h>
#include <string.h>

/* libvirt writes elements of no namespace; those of another one are the user's own. */
static inline gboolean is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
           strcmp((const char *)node->name, name) == 0;
}

static inline xmlNode *find_from(xmlNode *node, const char *name)
{
    while (node && !is_element(node, name))
        node = node->next;
    return node;
}

static inline xmlNode *child(const xmlNode *parent, const char *name)
{
    return parent ? find_from(parent->children, name) : NULL;
}

#define EACH_CHILD(node, parent, name)                                                             \
    xmlNode *node = child(parent, name);                                                           \
    node != NULL;                                                                                  \
    node = find_from(node->next, name)

static inline char *take_xml_string(xmlChar *text)
{
    char *copy = text ? g_strstrip(g_strdup((const char *)text)) : NULL;

    xmlFree(text);
    return copy;
}

/* The caller frees it; NULL where there is none. */
static inline char *attribute(xmlNode *node, const char *name)
{
    return node ? take_xml_string(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

static inline char *content(xmlNode *node)
{
    return node ? take_xml_string(xmlNodeGetContent(node)) : NULL;
}

/* A set as libvirt reads it: white space between its parts is no matter. NULL where it is none. */
static inline IdSet *attribute_set(xmlNode *node, const char *name)
{
    g_autofree char *text = attribute(node, name);
    if (text == NULL)
        return NULL;

    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (!g_ascii_isspace(*from))
            *to++ = *from;
    *to = '\0';
    return *text ? idset_parse(text, NULL) : NULL;
}
