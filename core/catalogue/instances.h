/* What the upper case part of a key may stand for in a domain's document. */
#pragma once

#include "core/xml/xmledit.h"

/* Each returns a GPtrArray of char* that the caller frees. */
GPtrArray *instances_vcpus(const XmlEdit *edit);        /* "0" … */
GPtrArray *instances_iothreads(const XmlEdit *edit);    /* their ids: "1" … */
GPtrArray *instances_cells(const XmlEdit *edit);        /* the guest's NUMA cells: "0" … */
GPtrArray *instances_disks(const XmlEdit *edit);        /* targets: "vda" … */
GPtrArray *instances_cards(const XmlEdit *edit);        /* MAC addresses of interfaces */
GPtrArray *instances_features(const XmlEdit *edit);     /* of its CPU: "pcid" … */
GPtrArray *instances_timers(const XmlEdit *edit);       /* all that libvirt knows */
GPtrArray *instances_tick_timers(const XmlEdit *edit);  /* those that have a tickpolicy */
GPtrArray *instances_track_timers(const XmlEdit *edit); /* those that follow a clock */
GPtrArray *instances_tsc(const XmlEdit *edit);          /* the one with a frequency */
GPtrArray *instances_cachetunes(const XmlEdit *edit);   /* sets of vCPUs */
GPtrArray *instances_memorytunes(const XmlEdit *edit);  /* sets of vCPUs */
GPtrArray *instances_paths(const XmlEdit *edit); /* host devices below disks or tuned already */
