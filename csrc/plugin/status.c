/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>

#include "status.h"

static struct rte_mirror_status own_status = {
	.magic = MIRROR_STATUS_MAGIC,
	.size = sizeof(own_status),
	.version = MIRROR_VERSION,
	.dpdk = MIRROR_DPDK_SERIES,
};

/* By its name the loader may find that of another copy of the library, which the program is linked to. */
extern struct rte_mirror_status rte_mirror_status __attribute__((alias("own_status")));

static void
copy_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text != NULL ? text : "");
}

#define COPY_TEXT(to, text) copy_text(to, sizeof(to), text)

void
mirror_status_loaded(const char *reason)
{
	struct rte_mirror_status *status = &own_status;

	COPY_TEXT(status->reason, reason);
	/* After the texts, for whoever reads them. */
	__atomic_store_n(&status->state, reason == NULL ? MIRROR_STATUS_READY : MIRROR_STATUS_INERT,
			__ATOMIC_RELEASE);
}

bool
mirror_status_ask(const char *path)
{
	struct rte_mirror_status *status = &own_status;
	uint32_t before = __atomic_load_n(&status->socket_state, __ATOMIC_ACQUIRE);

	if (before == MIRROR_SOCKET_ASKED || before == MIRROR_SOCKET_LISTENS)
		return false;
	/* Who succeeds here writes until it tells what has become of it. */
	if (!__atomic_compare_exchange_n(&status->socket_state, &before, MIRROR_SOCKET_ASKED, false,
			    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return false;
	COPY_TEXT(status->socket, path);
	COPY_TEXT(status->socket_reason, NULL);
	return true;
}

bool
mirror_status_has_socket(void)
{
	return __atomic_load_n(&own_status.socket_state, __ATOMIC_ACQUIRE) != MIRROR_SOCKET_NONE;
}

void
mirror_status_tell(enum mirror_status_socket state, const char *reason)
{
	struct rte_mirror_status *status = &own_status;

	COPY_TEXT(status->socket_reason, reason);
	__atomic_store_n(&status->socket_state, state, __ATOMIC_RELEASE);
}
