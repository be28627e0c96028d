/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include <rte_ethdev.h>
#include <rte_log.h>

#include "../compat.h"
#include "../eal_gate.h"
#include "load.h"
#include "rte_mirror.h"

/*
 * The library may be loaded into any process, and must not keep it from starting: where it cannot work it says so once,
 * and then refuses everything.
 *
 * Two copies, at different paths, would register the same telemetry commands, and each would know only its own mirrors.
 * So there is one variable for all copies of the process, however they were loaded: the loader sees to that for
 * STB_GNU_UNIQUE, which C has no word for. It holds the path of the copy that works. The name never changes.
 */
__asm__(".pushsection .bss\n"
	".balign 8\n"
	".globl mirror_copy\n"
	".type mirror_copy, \"gnu_unique_object\"\n"
	".size mirror_copy, 8\n"
	"mirror_copy:\n"
	".zero 8\n"
	".popsection\n");

extern const char *mirror_copy;

/*
 * For whoever loads the library from outside, see src/dpdk_mirror/attach: where the program keeps DPDK's names to itself, the
 * addresses are written into the library's file, and `is_bound` with them, before it is loaded. As in plugin/status.c,
 * the name may be another copy's.
 */
static const volatile struct rte_mirror_binding {
	uint32_t size;     /**< bytes of the struct; it grows at its end */
	uint32_t is_bound; /**< 1: the loader has nothing to find */
	uint32_t fp_ops_size; /**< bytes that rte_eth_fp_ops has in the DPDK that this was built with */
} own_binding = {
	.size = sizeof(own_binding),
	.fp_ops_size = sizeof(struct rte_eth_fp_ops) * RTE_MAX_ETHPORTS,
};

extern const volatile struct rte_mirror_binding rte_mirror_binding
		__attribute__((alias("own_binding")));

int mirror_logtype;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char reason[RTE_MIRROR_REASON_SIZE];

static bool refuse(const char *format, ...) __rte_format_printf(1, 2);

static bool
refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return false;
}

static bool
has_symbols(void)
{
#define NAME(name) #name,
	static const char *const names[] = { MIRROR_SYMBOLS(NAME) };
#undef NAME
	const char *missing = NULL;
	unsigned int i, nb = 0;

	if (own_binding.is_bound)
		return true;
	for (i = 0; i < RTE_DIM(names); i++) {
		/* Finds what the loader has found for the references, also thread-local ones. */
		if (dlsym(RTLD_DEFAULT, names[i]) != NULL)
			continue;
		missing = names[i];
		nb++;
	}
	if (nb == 0)
		return true;
	if (nb == RTE_DIM(names))
		return refuse("no mirrors: this program lets its plugins see nothing of DPDK: "
			      "link it with DPDK's shared libraries, or with --export-dynamic");
	return refuse("no mirrors: %u of DPDK's symbols are missing here, such as %s: "
		      "link the program with all of DPDK's libraries and --export-dynamic",
			nb, missing);
}

/* DPDK keeps its ABI within a series; experimental functions, which are used here, are kept only there. */
static bool
is_built_for_this(void)
{
	const char *version = rte_version();
	unsigned int year, month;

	if (sscanf(version, "%*[^0-9]%u.%u", &year, &month) == 2 && year == MIRROR_DPDK_YEAR &&
			month == MIRROR_DPDK_MONTH)
		return true;
	return refuse("no mirrors: librte_mirror was built for DPDK %u.%02u and this is %s: "
		      "build it for that release",
			MIRROR_DPDK_YEAR, MIRROR_DPDK_MONTH, version);
}

static bool
is_only_copy(void)
{
	const char *other = __atomic_load_n(&mirror_copy, __ATOMIC_ACQUIRE);

	return other == NULL ||
			refuse("no mirrors by this copy of librte_mirror: another is loaded, %s",
					other);
}

static bool
is_first_copy(void)
{
	const char *none = NULL;
	Dl_info self;

	if (dladdr(&once, &self) == 0)
		return refuse("no mirrors: cannot tell where librte_mirror was loaded from");
	if (__atomic_compare_exchange_n(&mirror_copy, &none, self.dli_fname, false,
			    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return true;
	return is_only_copy();
}

static void
say(void)
{
	int type = -1;

	if (rte_log != NULL && rte_log_register_type_and_pick_level != NULL)
		type = rte_log_register_type_and_pick_level("lib.mirror", RTE_LOG_INFO);
	if (type >= 0)
		rte_log(RTE_LOG_WARNING, type, "MIRROR: %s\n", reason);
	else
		fprintf(stderr, "MIRROR: %s\n", reason);
}

static void
look_round(void)
{
	/* The first one last: a copy that does not work must not keep another from it. */
	if (!is_only_copy() || !has_symbols() || !is_built_for_this() || !is_first_copy()) {
		say();
		return;
	}
	mirror_eal_watch();
	mirror_logtype = rte_log_register_type_and_pick_level("lib.mirror", RTE_LOG_INFO);
}

const char *
mirror_inert(void)
{
	/* Also before our constructor has run: another's may call the library. */
	pthread_once(&once, look_round);
	return reason[0] != '\0' ? reason : NULL;
}

RTE_INIT(mirror_load)
{
	(void)mirror_inert();
}
