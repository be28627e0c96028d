/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "target.h"

/* What DPDK takes a device's arguments apart at. */
#define SEPARATORS ",=[]"

/* Fits into a device's arguments. */
#define MAX_PATH 768

int
mirror_target_path_check(const struct target *target)
{
	const char *path = target->value, *c;

	if (path[0] != '/')
		return mirror_plugin_refuse(EINVAL,
				"%s: the path is not absolute: the application may run in another directory",
				target->shown);
	for (c = path; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return mirror_plugin_refuse(EINVAL,
					"%s: a path cannot have control characters here: choose another",
					target->shown);
	}
	if (c - path > MAX_PATH)
		return mirror_plugin_refuse(EINVAL, "%s: a path may have %d bytes here",
				target->shown, MAX_PATH);
	if (c[-1] == '/')
		return mirror_plugin_refuse(EINVAL, "%s: that is a directory: name a file in it",
				target->shown);
	return 0;
}

int
mirror_target_path_check_for_dpdk(const struct target *target)
{
	if (strpbrk(target->value, SEPARATORS) != NULL)
		return mirror_plugin_refuse(EINVAL,
				"%s: DPDK cannot have any of " SEPARATORS
				" in a path: choose another",
				target->shown);
	return mirror_target_path_check(target);
}

int
mirror_target_path_check_directory(const struct target *target, const char *what)
{
	char path[MAX_PATH + 1];
	char *slash;

	rte_strscpy(path, target->value, sizeof(path));
	slash = strrchr(path, '/');
	/* The root directory's name is its slash. */
	slash[slash == path] = '\0';
	if (access(path, W_OK | X_OK) != 0)
		return mirror_plugin_refuse(errno, "%s: the application cannot make %s in %s: %s",
				target->shown, what, path, strerror(errno));
	return 0;
}
