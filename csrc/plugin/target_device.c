/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_devargs.h>

#include "hotplug.h"
#include "refusal.h"
#include "target.h"

/* Whose ports those made here are. Each has an owner of its own besides: port numbers are used again. */
#define OWNER "dpdk-mirror"

/* The target whose device this thread is making, its port RTE_MAX_ETHPORTS until it is there; NULL: it makes none. */
static __thread struct target *made;

/*
 * Runs in the thread that makes the device, before anybody else learns of its port: an application that looks for new
 * ones finds it taken. Takes no mutex and waits for nothing.
 */
static int
on_new(uint16_t port_id, enum rte_eth_event_type event, void *arg, void *ret_param)
{
	struct rte_eth_dev_owner owner = { .name = OWNER };

	(void)event;
	(void)arg;
	(void)ret_param;
	mirror_hotplug_seen_port();
	if (made == NULL)
		return 0;
	owner.id = made->owner;
	if (rte_eth_dev_owner_set(port_id, &owner) == 0)
		made->port_id = port_id;
	return 0;
}

int
mirror_target_device_init(void)
{
	/* A function is registered once, however often it is. */
	int rc = rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, on_new, NULL);

	if (rc != 0)
		return mirror_plugin_refuse(
				-rc, "cannot have ports of the mirrors' own: %s", strerror(-rc));
	return 0;
}

void
mirror_target_device_describe_iface(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	snprintf(args, TARGET_ARGS_SIZE, "iface=%s", target->value);
}

/* Whether a port is of a device made here, and whose it is then. */
static bool
get_owner(uint16_t port_id, struct rte_eth_dev_owner *owner)
{
	return rte_eth_dev_is_valid_port(port_id) && rte_eth_dev_owner_get(port_id, owner) == 0 &&
			strcmp(owner->name, OWNER) == 0;
}

bool
mirror_target_device_owns(uint16_t port_id)
{
	struct rte_eth_dev_owner owner;

	return get_owner(port_id, &owner);
}

bool
mirror_target_device_has_port(const struct target *target)
{
	struct rte_eth_dev_owner owner;

	return get_owner(target->port_id, &owner) && owner.id == target->owner;
}

int
mirror_target_device_check(const struct target *target)
{
	struct rte_devargs devargs;

	/* EAL would have the primary make it, and all others. */
	if (rte_eal_process_type() == RTE_PROC_SECONDARY)
		return mirror_plugin_refuse(ENOTSUP,
				"%s: a secondary process makes no devices: give file: or stream:, or "
				"port: for one that is there",
				target->shown);
	/* Drivers of virtual devices are known by the beginnings of their names. */
	if (rte_devargs_parse(&devargs, target->kind->driver) == 0) {
		rte_devargs_reset(&devargs);
		return 0;
	}
	return mirror_plugin_refuse(ENOTSUP,
			"%s: the application has no driver %s: start it with -d librte_%s.so, of the "
			"same DPDK",
			target->shown, target->kind->driver, target->kind->driver);
}

static int
refuse_device(const struct target *target, int rc)
{
	const struct target_kind *kind = target->kind;
	int why;

	if (rc == -EAGAIN)
		return mirror_plugin_refuse(EAGAIN,
				"%s: the application is plugging devices: try again when it is done",
				target->shown);
	why = kind->try != NULL ? kind->try(target) : 0;
	if (why != 0)
		return why;
	/* Many drivers just return -1: that is no errno. */
	return mirror_plugin_refuse(rc == -1 ? EIO : -rc, "%s: %s cannot make it: its log says why",
			target->shown, kind->driver);
}

void
mirror_target_device_close(const struct target *target)
{
	if (mirror_target_device_has_port(target))
		rte_eth_dev_close(target->port_id);
}

int
mirror_target_device_make(struct target *target)
{
	char args[TARGET_ARGS_SIZE];
	int rc;

	snprintf(target->device, sizeof(target->device), "%s_mirror_%u", target->kind->driver,
			target->number);
	rc = mirror_hotplug_init();
	if (rc != 0)
		return rc;
	rc = rte_eth_dev_owner_new(&target->owner);
	if (rc != 0)
		return mirror_plugin_refuse(-rc, "%s: cannot set an owner for its port: %s",
				target->shown, strerror(-rc));
	target->kind->describe(target, args);
	target->port_id = RTE_MAX_ETHPORTS;
	made = target;
	rc = mirror_hotplug_add(target->device, args);
	made = NULL;
	if (rc != 0) {
		/* Of a device that could not be made whole net_ring leaves it. */
		mirror_target_device_close(target);
		return refuse_device(target, rc);
	}
	if (target->port_id != RTE_MAX_ETHPORTS)
		return 0;
	mirror_hotplug_remove(target->device);
	return mirror_plugin_refuse(EIO, "%s: its device has no port of ours", target->shown);
}

/*
 * Removing the device closes its port, and in secondary processes, too, which do not find it when it is closed already:
 * it is closed before only where there is a reason. The port of net_ring has a name of its own and is not found, but left.
 */
void
mirror_target_device_end(const struct target *target)
{
	/* The application may have removed it, and its number may be another's. */
	if (mirror_target_device_has_port(target)) {
		rte_eth_dev_stop(target->port_id);
		if (target->kind->unsettle != NULL)
			target->kind->unsettle(target);
	}
	mirror_hotplug_remove(target->device);
	mirror_target_device_close(target);
}
