/* libvirt's functions, from a library that is loaded when the first connection is opened: with the
 * fifty libraries it brings along it takes three times as long to load as kvmtune itself, which no
 * command should pay that asks libvirt nothing, nor the first picture of the host.
 *
 * Whoever includes this calls them as ever: each name stands for its place in the loaded library.
 * A new one is a line below; without it the program does not link. */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* Loads libvirt, once a process; before the first call of any of its functions. FALSE with a
 * sentence where it is not installed, or older than what kvmtune is built for. */
gboolean libvirt_load(GError **error);

/* Where the loaded libvirt has @name; for the macro below. */
gpointer libvirt_function(const char *name);

#define LIBVIRT(name)                                                                              \
    ({                                                                                             \
        static gpointer place;                                                                     \
        if (g_atomic_pointer_get(&place) == NULL)                                                  \
            g_atomic_pointer_set(&place, libvirt_function(#name));                                 \
        (__typeof__(&name))g_atomic_pointer_get(&place);                                           \
    })

#define virConnectClose                      LIBVIRT(virConnectClose)
#define virConnectDomainEventDeregisterAny   LIBVIRT(virConnectDomainEventDeregisterAny)
#define virConnectDomainEventRegisterAny     LIBVIRT(virConnectDomainEventRegisterAny)
#define virConnectDomainXMLToNative          LIBVIRT(virConnectDomainXMLToNative)
#define virConnectGetAllDomainStats          LIBVIRT(virConnectGetAllDomainStats)
#define virConnectGetCapabilities            LIBVIRT(virConnectGetCapabilities)
#define virConnectGetHostname                LIBVIRT(virConnectGetHostname)
#define virConnectGetLibVersion              LIBVIRT(virConnectGetLibVersion)
#define virConnectGetType                    LIBVIRT(virConnectGetType)
#define virConnectGetURI                     LIBVIRT(virConnectGetURI)
#define virConnectGetVersion                 LIBVIRT(virConnectGetVersion)
#define virConnectIsAlive                    LIBVIRT(virConnectIsAlive)
#define virConnectListAllDomains             LIBVIRT(virConnectListAllDomains)
#define virConnectOpen                       LIBVIRT(virConnectOpen)
#define virConnectOpenReadOnly               LIBVIRT(virConnectOpenReadOnly)
#define virConnectRegisterCloseCallback      LIBVIRT(virConnectRegisterCloseCallback)
#define virConnectSetKeepAlive               LIBVIRT(virConnectSetKeepAlive)
#define virConnectUnregisterCloseCallback    LIBVIRT(virConnectUnregisterCloseCallback)
#define virDomainAddIOThread                 LIBVIRT(virDomainAddIOThread)
#define virDomainDefineXMLFlags              LIBVIRT(virDomainDefineXMLFlags)
#define virDomainDelIOThread                 LIBVIRT(virDomainDelIOThread)
#define virDomainFree                        LIBVIRT(virDomainFree)
#define virDomainGetID                       LIBVIRT(virDomainGetID)
#define virDomainGetIOThreadInfo             LIBVIRT(virDomainGetIOThreadInfo)
#define virDomainGetName                     LIBVIRT(virDomainGetName)
#define virDomainGetState                    LIBVIRT(virDomainGetState)
#define virDomainGetUUIDString               LIBVIRT(virDomainGetUUIDString)
#define virDomainGetXMLDesc                  LIBVIRT(virDomainGetXMLDesc)
#define virDomainIOThreadInfoFree            LIBVIRT(virDomainIOThreadInfoFree)
#define virDomainIsPersistent                LIBVIRT(virDomainIsPersistent)
#define virDomainLookupByID                  LIBVIRT(virDomainLookupByID)
#define virDomainLookupByName                LIBVIRT(virDomainLookupByName)
#define virDomainLookupByUUIDString          LIBVIRT(virDomainLookupByUUIDString)
#define virDomainPinEmulator                 LIBVIRT(virDomainPinEmulator)
#define virDomainPinIOThread                 LIBVIRT(virDomainPinIOThread)
#define virDomainPinVcpuFlags                LIBVIRT(virDomainPinVcpuFlags)
#define virDomainSetBlkioParameters          LIBVIRT(virDomainSetBlkioParameters)
#define virDomainSetBlockIoTune              LIBVIRT(virDomainSetBlockIoTune)
#define virDomainSetInterfaceParameters      LIBVIRT(virDomainSetInterfaceParameters)
#define virDomainSetMemoryFlags              LIBVIRT(virDomainSetMemoryFlags)
#define virDomainSetMemoryParameters         LIBVIRT(virDomainSetMemoryParameters)
#define virDomainSetMemoryStatsPeriod        LIBVIRT(virDomainSetMemoryStatsPeriod)
#define virDomainSetNumaParameters           LIBVIRT(virDomainSetNumaParameters)
#define virDomainSetSchedulerParametersFlags LIBVIRT(virDomainSetSchedulerParametersFlags)
#define virDomainSetVcpusFlags               LIBVIRT(virDomainSetVcpusFlags)
#define virDomainStatsRecordListFree         LIBVIRT(virDomainStatsRecordListFree)
#define virEventRegisterDefaultImpl          LIBVIRT(virEventRegisterDefaultImpl)
#define virEventRunDefaultImpl               LIBVIRT(virEventRunDefaultImpl)
#define virGetLastError                      LIBVIRT(virGetLastError)
#define virGetLastErrorCode                  LIBVIRT(virGetLastErrorCode)
#define virGetLastErrorMessage               LIBVIRT(virGetLastErrorMessage)
#define virGetVersion                        LIBVIRT(virGetVersion)
#define virInitialize                        LIBVIRT(virInitialize)
#define virNodeGetCPUMap                     LIBVIRT(virNodeGetCPUMap)
#define virNodeGetInfo                       LIBVIRT(virNodeGetInfo)
#define virSetErrorFunc                      LIBVIRT(virSetErrorFunc)
#define virTypedParamsAddFromString          LIBVIRT(virTypedParamsAddFromString)
#define virTypedParamsFree                   LIBVIRT(virTypedParamsFree)
#define virTypedParamsGetUInt                LIBVIRT(virTypedParamsGetUInt)
#define virTypedParamsGetULLong              LIBVIRT(virTypedParamsGetULLong)
