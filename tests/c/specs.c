/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>

#include "../../csrc/plugin/refusal.h"
#include "specs.h"

int
read_spec(const char *text, struct spec *spec)
{
	static struct pairs pairs;
	int rc = pairs_read(&pairs, text);

	*spec = spec_default();
	if (rc == 0)
		rc = spec_read(spec, &pairs);
	if (rc == 0 && pairs_left(&pairs) != NULL)
		rc = plugin_refuse(EINVAL, "%s: left", pairs_left(&pairs)->key);
	return rc;
}

void
check_written(const struct spec_text *texts, unsigned int nb, const char *prefix)
{
	char buffer[SPEC_TEXT_SIZE];
	struct spec spec;
	struct text text;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		text = text_begin(buffer, sizeof(buffer));
		CHECK_EQ(read_spec(texts[i].text, &spec), 0);
		spec_write(&spec, &text);
		if (strncmp(buffer, prefix, strlen(prefix)) != 0 ||
				strcmp(buffer + strlen(prefix), texts[i].expected) != 0)
			test_fail(__FILE__, __LINE__, "%s is written %s", texts[i].text, buffer);
	}
}

void
check_refused(const struct spec_text *texts, unsigned int nb)
{
	struct spec spec;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		if (read_spec(texts[i].text, &spec) != -EINVAL)
			test_fail(__FILE__, __LINE__, "%s is not refused", texts[i].text);
		if (strstr(plugin_reason(), texts[i].expected) == NULL)
			test_fail(__FILE__, __LINE__, "%s: %s", texts[i].text, plugin_reason());
	}
}
