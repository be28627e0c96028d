/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A program that loads another as a plugin, for itself alone, as VPP does what has DPDK in it; with -DAPART into a
 * namespace of its own.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

int
main(int argc, char *argv[])
{
#ifdef APART
	void *plugin = dlmopen(LM_ID_NEWLM, PLUGIN, RTLD_NOW | RTLD_LOCAL);
#else
	void *plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
#endif
	int (*run)(int, char **) = plugin != NULL ? dlsym(plugin, "plugin_main") : NULL;

	if (run == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	return run(argc, argv);
}
