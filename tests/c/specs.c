/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>

#include "../../csrc/plugin/refusal.h"
#include "param_text.h"
#include "specs.h"

static int
read_changes(struct spec *spec, const char *before, const char *text)
{
	static struct pairs pairs;
	int rc = mirror_pairs_read(&pairs, text);

	if (rc == 0)
		rc = mirror_spec_read(spec, before, &pairs);
	if (rc == 0 && mirror_pairs_left(&pairs) != NULL)
		rc = mirror_plugin_refuse(EINVAL, "%s: left", mirror_pairs_left(&pairs)->key);
	return rc;
}

int
read_spec(const char *text, struct spec *spec)
{
	return read_changes(spec, SPEC_DEFAULT, text);
}

int
change_spec(struct spec *spec, const char *text)
{
	struct spec changed;
	int rc = read_changes(&changed, spec->text, text);

	if (rc == 0)
		*spec = changed;
	return rc;
}

static void
check_given(const struct spec *spec, const struct spec_text *text, const char *prefix)
{
	struct rte_mirror_select select;
	const struct rte_mirror_param param = mirror_spec_param(spec, &select);
	char buffer[PARAM_TEXT_SIZE];
	struct text written = mirror_text_begin(buffer, sizeof(buffer));

	param_write(&param, spec, &written);
	if (strncmp(buffer, prefix, strlen(prefix)) != 0 ||
			strcmp(buffer + strlen(prefix), text->expected) != 0)
		test_fail(__FILE__, __LINE__, "%s comes to %s", text->text, buffer);
}

void
check_written(const struct spec_text *texts, unsigned int nb, const char *prefix)
{
	struct spec spec;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		CHECK_EQ(read_spec(texts[i].text, &spec), 0);
		check_given(&spec, &texts[i], prefix);
		CHECK_EQ(change_spec(&spec, NULL), 0);
		check_given(&spec, &texts[i], prefix);
	}
}

void
check_remembered(const struct spec_text *texts, unsigned int nb)
{
	struct spec spec;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		CHECK_EQ(read_spec(texts[i].text, &spec), 0);
		if (strcmp(spec.text, texts[i].expected) != 0)
			test_fail(__FILE__, __LINE__, "%s is remembered as %s", texts[i].text,
					spec.text);
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
		if (strstr(mirror_plugin_reason(), texts[i].expected) == NULL)
			test_fail(__FILE__, __LINE__, "%s: %s", texts[i].text,
					mirror_plugin_reason());
	}
}
