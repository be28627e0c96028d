/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Reads specs, one a line, each byte as two hexadecimal digits, as the plugin would; writes for each "+ TEXT", as the
 * plugin would write it, or "- REASON". For a test that compares with Python. Where a text does not name a mode, it is
 * share, as there.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../csrc/plugin/refusal.h"
#include "../../csrc/plugin/spec.h"

#define LINE_SIZE (4 * PAIRS_TEXT_SIZE)

static void
decode(char *line)
{
	unsigned int byte;
	char *out = line;
	int length;

	for (; sscanf(line, "%2x%n", &byte, &length) == 1; line += length)
		*out++ = (char)byte;
	*out = '\0';
}

int
main(void)
{
	char line[LINE_SIZE], buffer[SPEC_TEXT_SIZE];
	struct pairs pairs;
	struct spec spec;
	struct text text;
	int rc;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		decode(line);
		spec = spec_default();
		spec.param.mode = RTE_MIRROR_SHARE;
		text = text_begin(buffer, sizeof(buffer));
		rc = pairs_read(&pairs, line);
		if (rc == 0)
			rc = spec_read(&spec, &pairs);
		if (rc == 0 && pairs_left(&pairs) != NULL)
			rc = plugin_refuse(
					EINVAL, "%s: no such parameter", pairs_left(&pairs)->key);
		spec_write(&spec, &text);
		printf("%c %s\n", rc == 0 ? '+' : '-', rc == 0 ? buffer : plugin_reason());
		fflush(stdout);
	}
	return 0;
}
