/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "../counter_names.h"
#include "host.h"

/* The processor's name, where the kernel has one. */
static void
read_processor(char *name, int size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *value = strstr(line, ": ");

		if (strncmp(line, "model name", strlen("model name")) != 0 || value == NULL)
			continue;
		snprintf(name, size, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
		break;
	}
	fclose(file);
}

void
mirror_capture_host(struct mirror_capture_section *section)
{
	struct utsname host;

	*section = (struct mirror_capture_section){ .application = "dpdk-mirror " MIRROR_VERSION };
	if (uname(&host) != 0)
		return;
	snprintf(section->hardware, sizeof(section->hardware), "%s", host.machine);
	snprintf(section->os, sizeof(section->os), "%.60s %.60s", host.sysname, host.release);
	read_processor(section->hardware, sizeof(section->hardware));
}

/* Each packet is in one counter: whatever is not in the capture, and not what the mirror was not to take, is lost. */
void
mirror_capture_count(const struct rte_mirror_stats *stats, struct mirror_capture_counters *counters)
{
	uint64_t not_chosen = 0;
	unsigned int i;

	for (i = 0; i < RTE_DIM(mirror_counter_names); i++) {
		if (mirror_counter_names[i].is_not_chosen)
			not_chosen += mirror_counter_value(stats, &mirror_counter_names[i]);
	}
	counters->received = stats->seen;
	counters->accepted = stats->seen - not_chosen;
	counters->full = stats->full;
	counters->dropped = counters->accepted - stats->packets - stats->full;
}
