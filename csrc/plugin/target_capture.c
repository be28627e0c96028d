/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "../capture/newfile.h"
#include "refusal.h"
#include "target.h"

int
mirror_target_options_check(const struct target *target)
{
	const struct target_options *options = &target->options;

	if ((options->seconds | options->packets | options->max_size) != 0 &&
			target->kind->open == NULL)
		return mirror_plugin_refuse(EINVAL,
				"%s: seconds, packets and max_size are only for file and stream targets: "
				"leave them out",
				target->shown);
	if (options->max_size != 0 && options->max_size < MIRROR_CAPTURE_LEAST)
		return mirror_plugin_refuse(EINVAL,
				"%s: with a max_size of %" PRIu64
				" bytes there is no room for packets: give %d or more",
				target->shown, options->max_size, MIRROR_CAPTURE_LEAST);
	if (options->ends_with_reader && !target->kind->is_stream)
		return mirror_plugin_refuse(EINVAL,
				"%s: linger is only for stream targets: leave it out",
				target->shown);
	return 0;
}

int
mirror_target_options_check_again(const struct target *target, const struct target_options *options)
{
	static const struct target_options none;

	if (options == NULL || memcmp(options, &none, sizeof(none)) == 0 ||
			memcmp(options, &target->options, sizeof(none)) == 0)
		return 0;
	return mirror_plugin_refuse(EEXIST,
			"%s: it is there, with limits of its own: leave out seconds, packets, max_size "
			"and linger",
			target->shown);
}

int
mirror_target_capture_open(struct target *target, struct capture_sink_config *config)
{
	const struct target_options *options = &target->options;

	rte_strscpy(config->name, target->shown, sizeof(config->name));
	config->limits = (struct mirror_capture_limits){
		.packets = options->packets,
		.max_size = options->max_size,
	};
	config->seconds = options->seconds;
	config->ends_with_reader = options->ends_with_reader != 0;
	return mirror_capture_sink_open(config, &target->sink, &target->port_id);
}

void
mirror_target_capture_close(const struct target *target)
{
	mirror_capture_sink_close(target->sink, target->port_id);
}

bool
mirror_targets_is_left(
		const struct target *target, bool will_come, char reason[RTE_MIRROR_REASON_SIZE])
{
	return target->kind->is_stream &&
			mirror_capture_sink_is_left(target->sink, will_come, reason);
}

static int
refuse_path(const struct target *target, int rc, const char *why)
{
	if (rc == -EEXIST)
		why = "the file exists, and would be overwritten: move it away, or choose another name";
	else if (why == NULL)
		why = strerror(-rc);
	return mirror_plugin_refuse(
			-rc, "%s: the application cannot make that file: %s", target->shown, why);
}

int
mirror_target_file_check(const struct target *target)
{
	const char *why;
	int rc = mirror_target_path_check(target);

	if (rc != 0)
		return rc;
	rc = mirror_capture_newfile_check(target->value, &why);
	return rc == 0 ? 0 : refuse_path(target, rc, why);
}

/* By the end of its name, where that says so. */
static enum mirror_capture_format
find_format(const struct target *target, enum mirror_capture_format other)
{
	const char *suffix = strrchr(target->value, '.');

	if (suffix != NULL && (strcasecmp(suffix, ".pcap") == 0 || strcasecmp(suffix, ".cap") == 0))
		return MIRROR_CAPTURE_PCAP;
	if (suffix != NULL && strcasecmp(suffix, ".pcapng") == 0)
		return MIRROR_CAPTURE_PCAPNG;
	return other;
}

int
mirror_target_file_open(struct target *target, enum mirror_capture_format format)
{
	struct capture_sink_config config = { .format = find_format(target, format) };
	struct stat status = { 0 };
	const char *why;
	int rc = mirror_capture_newfile_create(target->value, &config.fd, &why);

	if (rc != 0)
		return refuse_path(target, rc, why);
	fstat(config.fd, &status);
	target->file_device = status.st_dev;
	target->file_inode = status.st_ino;
	return mirror_target_capture_open(target, &config);
}

/* What was captured stays. So does what somebody else has put in the file's place. */
void
mirror_target_file_clean_up(const struct target *target, bool was_used)
{
	struct stat status;

	if (!was_used && lstat(target->value, &status) == 0 &&
			status.st_dev == target->file_device && status.st_ino == target->file_inode)
		unlink(target->value);
}
