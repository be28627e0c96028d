/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>
#include <rte_bpf.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "../compat.h"
#include "control.h"

/*
 * libpcap and librte_bpf are looked for when the first filter is: applications that have neither can be mirrored all the
 * same. A librte_bpf of the application's own comes first. Another is loaded only beside a shared DPDK, of which it
 * is part: in an application that has DPDK linked in, it would bring a second DPDK with it.
 */

/** The longest packet that a filter says yes to: libpcap's own limit. */
#define FILTER_SNAPLEN 262144

static struct {
	__typeof__(pcap_open_dead) *pcap_open_dead;
	__typeof__(pcap_compile) *pcap_compile;
	__typeof__(pcap_geterr) *pcap_geterr;
	__typeof__(pcap_freecode) *pcap_freecode;
	__typeof__(pcap_close) *pcap_close;
	__typeof__(rte_bpf_convert) *convert;
	__typeof__(rte_bpf_load) *load;
	__typeof__(rte_bpf_get_jit) *get_jit;
	__typeof__(rte_bpf_exec) *exec;
	__typeof__(rte_bpf_destroy) *destroy;
	const char *missing; /**< why there are no filters; NULL: all is there */
} libraries;

/* In the process, or in the library, whose name may be NULL. */
static void *
find(const char *symbol, void *library)
{
	void *found = dlsym(RTLD_DEFAULT, symbol);

	return found == NULL && library != NULL ? dlsym(library, symbol) : found;
}

#define FIND(member, symbol, library) \
	(*(void **)&libraries.member = find(symbol, library), libraries.member != NULL)

static bool
find_pcap(void)
{
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);

	/* Its name everywhere but in Debian. */
	if (library == NULL)
		library = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	return FIND(pcap_open_dead, "pcap_open_dead", library) &&
			FIND(pcap_compile, "pcap_compile", library) &&
			FIND(pcap_geterr, "pcap_geterr", library) &&
			FIND(pcap_freecode, "pcap_freecode", library) &&
			FIND(pcap_close, "pcap_close", library);
}

/* librte_bpf of the same release as the shared librte_eal of this process; NULL: there is none. */
static void *
open_bpf(void)
{
	static const char eal_name[] = "librte_eal.so";
	char name[64];
	const char *suffix;
	Dl_info eal;

	if (dladdr((void *)(uintptr_t)rte_eal_init, &eal) == 0)
		return NULL;
	suffix = strstr(eal.dli_fname, eal_name);
	if (suffix == NULL)
		return NULL;
	suffix += sizeof(eal_name) - 1;
	/* The ABI's version is in the file's name: .23, or .23.0. */
	snprintf(name, sizeof(name), "librte_bpf.so%s", suffix);
	return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

static bool
find_bpf(void)
{
	void *library = dlsym(RTLD_DEFAULT, "rte_bpf_load") == NULL ? open_bpf() : NULL;

	return FIND(convert, "rte_bpf_convert", library) && FIND(load, "rte_bpf_load", library) &&
			FIND(get_jit, "rte_bpf_get_jit", library) &&
			FIND(exec, "rte_bpf_exec", library) &&
			FIND(destroy, "rte_bpf_destroy", library);
}

static void
find_libraries(void)
{
	if (!find_pcap())
		libraries.missing = "libpcap is not installed";
	else if (!find_bpf())
		libraries.missing = "librte_bpf, with support of libpcap, is neither in this "
				    "application nor installed beside a shared DPDK";
}

/*
 * As of DPDK 26.07, rte_bpf_convert() takes the size of an indirect load for a sign of which register has the offset, and
 * is right for half words alone. It is always the index, which the program's second instruction sets to 0.
 */
static void
mend_indirect_loads(struct rte_bpf_prm *param)
{
	struct ebpf_insn *insns = (struct ebpf_insn *)(uintptr_t)param->ins;
	uint32_t i;

	for (i = 2; i < param->nb_ins; i++) {
		if (BPF_CLASS(insns[i].code) == BPF_LD && BPF_MODE(insns[i].code) == BPF_IND)
			insns[i].src_reg = insns[1].dst_reg;
	}
}

/* What rte_bpf makes of a program; NULL: why. */
static struct rte_bpf *
load(const struct bpf_program *program, const char **why)
{
	struct rte_bpf_prm *param = libraries.convert(program);
	struct rte_bpf *bpf;

	if (param == NULL) {
		*why = "librte_bpf cannot translate it";
		return NULL;
	}
	mend_indirect_loads(param);
	bpf = libraries.load(param);
	if (bpf == NULL)
		*why = "librte_bpf does not take it";
	rte_free(param);
	return bpf;
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

static int
make_selector(const char *expression, struct bpf_program *program, struct mirror_selector *selector)
{
	char quoted[QUOTED_MAX + sizeof("...")];
	struct rte_bpf_jit jit = { 0 };
	bool may_compile;
	const char *why;
	int rc = mirror_bpf_mend(program, &may_compile, &why);

	if (rc == 0)
		selector->bpf = load(program, &why);
	if (selector->bpf == NULL)
		return mirror_refuse(rc != 0 ? -rc : ENOTSUP, "filter \"%s\": %s",
				quote(expression, quoted), why);
	selector->has_filter = true;
	selector->filter_exec = libraries.exec;
	if (may_compile && libraries.get_jit(selector->bpf, &jit) == 0)
		selector->filter_code = jit.func;
	return 0;
}

int
mirror_filter_compile(const char *expression, struct mirror_selector *selector)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char quoted[QUOTED_MAX + sizeof("...")];
	struct bpf_program program;
	pcap_t *pcap;
	int rc;

	if (expression[strspn(expression, " \t\n")] == '\0')
		return mirror_refuse(EINVAL,
				"filter is empty: give an expression, or leave it out for every packet");
	pthread_once(&once, find_libraries);
	if (libraries.missing != NULL)
		return mirror_refuse(ENOTSUP, "filter: %s: choose by mac, vlans or flow instead",
				libraries.missing);
	pcap = libraries.pcap_open_dead(DLT_EN10MB, FILTER_SNAPLEN);
	if (pcap == NULL)
		return mirror_refuse(ENOMEM, "out of memory");
	if (libraries.pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		rc = mirror_refuse(EINVAL, "filter \"%s\": %s: see pcap-filter(7)",
				quote(expression, quoted), libraries.pcap_geterr(pcap));
	} else {
		rc = make_selector(expression, &program, selector);
		libraries.pcap_freecode(&program);
	}
	libraries.pcap_close(pcap);
	return rc;
}

void
mirror_filter_free(struct mirror_selector *selector)
{
	if (selector->bpf != NULL)
		libraries.destroy(selector->bpf);
}
