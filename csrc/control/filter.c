/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

#include "../filter/filter.h"
#include "selection.h"

/* libpcap is looked for when the first filter is: applications without it can be mirrored all the same. */

/** The longest packet that a filter says yes to: libpcap's own limit. */
#define FILTER_SNAPLEN 262144

static struct {
	__typeof__(pcap_open_dead) *pcap_open_dead;
	__typeof__(pcap_compile) *pcap_compile;
	__typeof__(pcap_geterr) *pcap_geterr;
	__typeof__(pcap_freecode) *pcap_freecode;
	__typeof__(pcap_close) *pcap_close;
	bool is_found;
} libpcap;

/* In the process, or in the library, which may be NULL. */
static void *
find(const char *symbol, void *library)
{
	void *found = dlsym(RTLD_DEFAULT, symbol);

	return found == NULL && library != NULL ? dlsym(library, symbol) : found;
}

#define FIND(name, library) (*(void **)&libpcap.name = find(#name, library), libpcap.name != NULL)

static void
find_libpcap(void)
{
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);

	/* Its name everywhere but in Debian. */
	if (library == NULL)
		library = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	libpcap.is_found = FIND(pcap_open_dead, library) && FIND(pcap_compile, library) &&
			FIND(pcap_geterr, library) && FIND(pcap_freecode, library) &&
			FIND(pcap_close, library);
}

/* Bytes of an expression that a sentence repeats, so that it has room for what is wrong. */
#define QUOTED_MAX 80

/* An expression as one line of a sentence has it: as much of it as there is room for, no character by halves. */
static const char *
quote(const char *expression, char quoted[static QUOTED_MAX + sizeof("...")])
{
	size_t length = strnlen(expression, QUOTED_MAX + 1), i;

	if (length > QUOTED_MAX) {
		length = QUOTED_MAX;
		/* UTF-8: what follows a character's first byte. */
		while (length > 0 && (expression[length] & 0xc0) == 0x80)
			length--;
		strcpy(quoted + length, "...");
	} else {
		quoted[length] = '\0';
	}
	for (i = 0; i < length; i++)
		quoted[i] = iscntrl((unsigned char)expression[i]) ? ' ' : expression[i];
	return quoted;
}

static int refuse(char *reason, int error, const char *format, ...) __rte_format_printf(3, 4);

static int
refuse(char *reason, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, MIRROR_FILTER_REASON_SIZE, format, args);
	va_end(args);
	return -error;
}

static int
make_filter(const char *expression, const struct bpf_program *program,
		struct rte_mirror_filter **filter, char *reason)
{
	char quoted[QUOTED_MAX + sizeof("...")];
	const char *refusal = mirror_filter_refusal(program->bf_insns, program->bf_len);

	if (refusal != NULL)
		return refuse(reason, ENOTSUP, "filter \"%s\": %s", quote(expression, quoted),
				refusal);
	*filter = mirror_filter_make(program->bf_insns, program->bf_len);
	return *filter != NULL ? 0 : refuse(reason, ENOMEM, "out of memory");
}

int
mirror_filter_compile(const char *expression, struct rte_mirror_filter **filter,
		char reason[static MIRROR_FILTER_REASON_SIZE])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char quoted[QUOTED_MAX + sizeof("...")];
	struct bpf_program program;
	pcap_t *pcap;
	int rc;

	if (expression[strspn(expression, " \t\n")] == '\0')
		return refuse(reason, EINVAL,
				"filter is empty: give an expression, or leave it out for every packet");
	pthread_once(&once, find_libpcap);
	if (!libpcap.is_found)
		return refuse(reason, ENOTSUP,
				"filter: libpcap is not installed: install it, or "
				"choose by mac, vlans or flow instead");
	pcap = libpcap.pcap_open_dead(DLT_EN10MB, FILTER_SNAPLEN);
	if (pcap == NULL)
		return refuse(reason, ENOMEM, "out of memory");
	if (libpcap.pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		rc = refuse(reason, EINVAL, "filter \"%s\": %s: see pcap-filter(7)",
				quote(expression, quoted), libpcap.pcap_geterr(pcap));
	} else {
		rc = make_filter(expression, &program, filter, reason);
		libpcap.pcap_freecode(&program);
	}
	libpcap.pcap_close(pcap);
	return rc;
}
