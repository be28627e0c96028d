/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "target.h"

/* Whether there is a socket at that path that nobody listens on: its process has died. */
static bool
is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_refused;

	if (fd < 0)
		return false;
	is_refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
			errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

static int
check(const struct target *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	int rc = mirror_target_path_check_for_dpdk(target);

	if (rc != 0)
		return rc;
	if (rte_strscpy(address.sun_path, target->value, sizeof(address.sun_path)) < 0)
		return mirror_plugin_refuse(EINVAL, "%s: a socket's path has at most %zu bytes",
				target->shown, sizeof(address.sun_path) - 1);
	if (lstat(target->value, &status) != 0)
		return mirror_target_path_check_directory(target, "a socket");
	if (!S_ISSOCK(status.st_mode) || !is_stale(&address))
		return mirror_plugin_refuse(EEXIST,
				"%s: the path exists: choose another, or remove it if nobody uses it",
				target->shown);
	return 0;
}

/* The driver takes no path that exists, and would remove it when it fails; a stale socket is worth nothing. */
static int
prepare(struct target *target)
{
	if (unlink(target->value) != 0 && errno != ENOENT)
		return mirror_plugin_refuse(errno,
				"%s: the socket that is there cannot be removed: %s", target->shown,
				strerror(errno));
	return 0;
}

/*
 * A guest may use fewer queues than a port has, and never gets what is sent on the others. Its transmit queue, which
 * nobody polls, fills and stays full. When it is closed, the driver of some releases waits a second for a thread of its
 * own, and the bus is not to be locked meanwhile.
 */
const struct target_kind mirror_target_vhost = {
	.name = "vhost",
	.value = "SOCKET",
	.meaning = "a virtual machine, or a virtio-user port of another process",
	.driver = "net_vhost",
	.max_queues = 1,
	.check = check,
	.prepare = prepare,
	.describe = mirror_target_device_describe_iface,
	.unsettle = mirror_target_device_close,
};
