/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets that cannot be: each refusal says why, and nothing is left of the attempt. */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_devargs.h>

#include "../../csrc/plugin/refusal.h"
#include "testbed.h"
#include "ondemand.h"
#include "wires.h"

static void
set_file_limit(rlim_t limit)
{
	struct rlimit files;

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = limit;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
}

/* Opens it with room for one file more each time, until it succeeds: how often it has failed. */
static unsigned int
fail_in_every_way(const char *text)
{
	const struct possessions before = possessions_now();
	struct target *target = NULL;
	unsigned int nb_failed = 0;
	struct rlimit files;
	int rc, next = dup(0);

	close(next);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
	do {
		set_file_limit((rlim_t)next + nb_failed);
		rc = mirror_targets_open(text, 2, false, NULL, &target);
		set_file_limit(files.rlim_cur);
		if (rc == 0)
			break;
		CHECK(target == NULL);
		CHECK(mirror_targets_find(text) == NULL);
		CHECK(strncmp(mirror_plugin_reason(), text, strlen(text)) == 0);
		possessions_check_counts(&before);
		CHECK(access(strchr(text, ':') + 1, F_OK) != 0);
		nb_failed++;
	} while (nb_failed < 64);
	CHECK_EQ(rc, 0);
	mirror_targets_close(target);
	possessions_check_counts(&before);
	return nb_failed;
}

/* Else there is no way to make it fail here. */
static bool
opens_files(const char *text)
{
	const unsigned int before = possessions_now().nb_files;
	struct target *target = target_open(text, 2);
	const bool opens = possessions_now().nb_files > before;

	target_end(target);
	return opens;
}

static void
a_target_that_cannot_be_made_leaves_nothing(void)
{
	const struct target_case *each;
	unsigned int nb_tried = 0;
	char text[TARGET_TEXT_SIZE];
	struct end end;
	bool can_fail;

	interfaces_make();
	for (each = target_cases; each->kind != NULL; each++) {
		case_name(each, &end, text);
		can_fail = opens_files(text);
		case_clean(each, &end);
		if (!can_fail)
			continue;
		CHECK(fail_in_every_way(text) > 0);
		case_clean(each, &end);
		nb_tried++;
	}
	CHECK(nb_tried > 0);
	interfaces_remove();
}

static void
touch(const char *path)
{
	FILE *file = fopen(path, "w");

	CHECK(file != NULL);
	CHECK_EQ(fputs("kept", file) < 0, 0);
	CHECK_EQ(fclose(file), 0);
}

/* What is there already is neither written over nor removed. */
static void
what_exists_is_left_alone(void)
{
	char path[128], text[TARGET_TEXT_SIZE];
	struct stat status;

	snprintf(path, sizeof(path), "%s/there", getenv("RUNTIME_DIRECTORY"));
	touch(path);
	snprintf(text, sizeof(text), "pcap:%s", path);
	target_check_refused(text, EEXIST, "would be overwritten");
	snprintf(text, sizeof(text), "vhost:%s", path);
	target_check_refused(text, EEXIST, "the path exists");
	CHECK_EQ(stat(path, &status), 0);
	CHECK_EQ(status.st_size, 4);
	CHECK_EQ(unlink(path), 0);
	/* Where a link leads is not for who made the link to say. */
	CHECK_EQ(symlink("/nowhere", path), 0);
	snprintf(text, sizeof(text), "pcap:%s", path);
	target_check_refused(text, EEXIST, "would be overwritten");
	CHECK_EQ(unlink(path), 0);
	target_check_refused("pcap:/nowhere/file", ENOENT, "cannot make that file");
	target_check_refused("vhost:/nowhere/socket", ENOENT, "cannot make a socket in /nowhere");
}

/* A target that nobody has used leaves nothing; a file that has come in the place of its own is another's. */
static void
what_was_never_used_leaves_nothing_of_its_own(void)
{
	char path[96], text[TARGET_TEXT_SIZE];
	struct target *target;

	snprintf(path, sizeof(path), "%s/unused", getenv("RUNTIME_DIRECTORY"));
	snprintf(text, sizeof(text), "pcap:%s", path);
	mirror_targets_undo(target_open(text, 1));
	CHECK(access(path, F_OK) != 0);
	target = target_open(text, 1);
	CHECK_EQ(unlink(path), 0);
	touch(path);
	mirror_targets_undo(target);
	CHECK_EQ(access(path, F_OK), 0);
	CHECK_EQ(unlink(path), 0);
	target = target_open(text, 1);
	/* The first user's file, too. */
	mirror_targets_undo(target_open(text, 1));
	CHECK_EQ(access(path, F_OK), 0);
	mirror_targets_close(target);
	CHECK_EQ(unlink(path), 0);
}

/* Nothing comes of asking whether there could be one. */
static void
what_is_only_checked_is_not_made(void)
{
	const struct target_case *each;
	struct possessions before;
	struct target *target;
	struct end end;
	char text[TARGET_TEXT_SIZE];
	struct rte_mirror_param param;

	CHECK_EQ(mirror_targets_init(), 0);
	interfaces_make();
	for (each = target_cases; each->kind != NULL; each++) {
		case_name(each, &end, text);
		test_name(text);
		before = possessions_now();
		CHECK_EQ(mirror_targets_check(text, false, NULL, &param), 0);
		possessions_check_counts(&before);
		CHECK_EQ(param.target_port, RTE_MAX_ETHPORTS);
		CHECK(mirror_targets_find(text) == NULL);
		CHECK(strcmp(each->kind, "pcap") != 0 || access(end.path, F_OK) != 0);
		target = target_open(text, 1);
		CHECK_EQ(mirror_targets_check(text, false, NULL, &param), 0);
		CHECK_EQ(param.target_port, mirror_targets_port(target));
		mirror_targets_undo(target);
		CHECK(each->interface != NULL || access(end.path, F_OK) != 0);
	}
	interfaces_remove();
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(listener >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	CHECK_EQ(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_EQ(listen(listener, 1), 0);
	return listener;
}

/* What an application that has died leaves is in nobody's way. */
static void
a_socket_that_somebody_listens_on_is_refused_a_stale_one_is_replaced(void)
{
	char path[96], text[TARGET_TEXT_SIZE];
	int listener;

	snprintf(path, sizeof(path), "%s/listens", getenv("RUNTIME_DIRECTORY"));
	snprintf(text, sizeof(text), "vhost:%s", path);
	listener = listen_at(path);
	target_check_refused(text, EEXIST, "the path exists");
	close(listener);
	CHECK_EQ(access(path, F_OK), 0);
	mirror_targets_close(target_open(text, 1));
	CHECK(access(path, F_OK) != 0);
}

static void
interfaces_that_will_not_do(void)
{
	uint16_t port_id;

	interfaces_make();
	target_check_refused("tap:od1", EEXIST, "as af_packet:od1");
	target_check_refused("af_packet:od-none", ENODEV, "as tap:od-none");
	wire_command("ip link set od1 down");
	target_check_refused("af_packet:od1", ENETDOWN, "ip link set dev od1 up");
	wire_command("ip link set od1 up");
	port_id = vdev_open("net_af_packet_od", "iface=od1");
	vdev_configure(port_id, &port_default);
	target_check_refused("af_packet:od1", EBUSY, "is at work on that interface");
	vdev_close(port_id, "net_af_packet_od");
	interfaces_remove();
}

/* The interface that a target sends to is the user's: it stays as it was. */
static void
a_promiscuous_interface_stays_so(void)
{
	interfaces_make();
	wire_command("ip link set od1 promisc on");
	mirror_targets_close(target_open("af_packet:od1", 1));
	wire_command("ip link show od1 | grep -q PROMISC");
	interfaces_remove();
}

/* Takes a capability from this thread, or gives it back. */
static void
set_capability(unsigned int capability, bool is_effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	const uint32_t bit = 1u << capability;

	CHECK_EQ(syscall(SYS_capget, &header, data), 0);
	data[0].effective = is_effective ? data[0].effective | bit : data[0].effective & ~bit;
	CHECK_EQ(syscall(SYS_capset, &header, data), 0);
}

static void
rights_that_are_missing(void)
{
	interfaces_make();
	set_capability(CAP_NET_ADMIN, false);
	target_check_refused("tap:od", EPERM, "CAP_NET_ADMIN");
	set_capability(CAP_NET_ADMIN, true);
	set_capability(CAP_NET_RAW, false);
	target_check_refused("af_packet:od1", EPERM, "CAP_NET_RAW");
	set_capability(CAP_NET_RAW, true);
	interfaces_remove();
}

static bool no_drivers;

/* DPDK's libraries, too, find the program's functions first. */
int
rte_devargs_parse(struct rte_devargs *devargs, const char *device)
{
	int (*parse)(struct rte_devargs *, const char *) = (int (*)(struct rte_devargs *,
			const char *))(uintptr_t)dlsym(RTLD_NEXT, "rte_devargs_parse");

	return no_drivers ? -EFAULT : parse(devargs, device);
}

static void
a_driver_that_is_missing(void)
{
	no_drivers = true;
	target_check_refused("null:missing", ENOTSUP, "-d librte_net_null.so");
	no_drivers = false;
}

static void
names_that_are_taken(void)
{
	struct target *target = target_open("ring:od", 1), *other = NULL;
	struct rte_ring *ring = rte_ring_create("ETH_RXTX0_taken", 2, 0, 0);
	char text[64];

	CHECK(ring != NULL);
	target_check_refused("ring:taken", EEXIST, "a ring or a port of that name");
	rte_ring_free(ring);
	/* Else nobody would know when its device may go. */
	snprintf(text, sizeof(text), "port:%u", mirror_targets_port(target));
	CHECK_EQ(mirror_targets_open(text, 1, true, NULL, &other), -EINVAL);
	target_end(target);
	CHECK_EQ(mirror_targets_open("port:99", 1, true, NULL, &other), -ENODEV);
	CHECK_EQ(mirror_targets_open("port:65536", 1, true, NULL, &other), -ENODEV);
	CHECK_EQ(mirror_targets_open("port:nobody", 1, true, NULL, &other), -ENODEV);
}

const struct test_case test_cases[] = {
	{ "what_exists_is_left_alone", what_exists_is_left_alone },
	{ "what_was_never_used_leaves_nothing_of_its_own",
			what_was_never_used_leaves_nothing_of_its_own },
	{ "what_is_only_checked_is_not_made", what_is_only_checked_is_not_made },
	{ "a_socket_that_somebody_listens_on_is_refused_a_stale_one_is_replaced",
			a_socket_that_somebody_listens_on_is_refused_a_stale_one_is_replaced },
	{ "interfaces_that_will_not_do", interfaces_that_will_not_do },
	{ "a_promiscuous_interface_stays_so", a_promiscuous_interface_stays_so },
	{ "rights_that_are_missing", rights_that_are_missing },
	{ "a_driver_that_is_missing", a_driver_that_is_missing },
	{ "names_that_are_taken", names_that_are_taken },
	{ "a_target_that_cannot_be_made_leaves_nothing",
			a_target_that_cannot_be_made_leaves_nothing },
	{ NULL, NULL },
};
