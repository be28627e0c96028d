/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Reads specs, one a line, each byte as two hexadecimal digits, as the plugin would; writes for each "+ TEXT", of what
 * the library would be given, and a line with what the plugin would remember, or "- REASON". For a test that compares
 * with Python. Where a text does not name a mode, it is share, as there.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../csrc/plugin/refusal.h"
#include "param_text.h"

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

static int
read_line(const char *line, struct spec *spec)
{
	struct pairs pairs;
	int rc = mirror_pairs_read(&pairs, line);

	if (rc == 0)
		rc = mirror_spec_read(spec, "directions=both,mode=share", &pairs);
	if (rc == 0 && mirror_pairs_left(&pairs) != NULL)
		rc = mirror_plugin_refuse(
				EINVAL, "%s: no such parameter", mirror_pairs_left(&pairs)->key);
	return rc;
}

int
main(void)
{
	char line[LINE_SIZE], buffer[PARAM_TEXT_SIZE];
	struct rte_mirror_select select;
	struct rte_mirror_param param;
	struct spec spec;
	struct text text;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		decode(line);
		text = mirror_text_begin(buffer, sizeof(buffer));
		if (read_line(line, &spec) == 0) {
			param = mirror_spec_param(&spec, &select);
			param_write(&param, &spec, &text);
			printf("+ %s\n%s\n", buffer, spec.text);
		} else {
			printf("- %s\n", mirror_plugin_reason());
		}
		fflush(stdout);
	}
	return 0;
}
