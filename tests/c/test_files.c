/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets that are capture files: what is in them of the mirrors that they have had. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorded.h"
#include "requests.h"
#include "testbed.h"

#define NB_PACKETS 32
#define LENGTH     200

/* A file that is kept for mirrors of what the source receives. */
struct filed {
	struct testbed testbed;
	char path[128];
	struct recorded recorded; /* when it is finished */
};

static void
filed_open(struct filed *filed)
{
	char request[256];

	testbed_open(&filed->testbed, NULL, NULL);
	snprintf(filed->path, sizeof(filed->path), "%s/file", getenv("RUNTIME_DIRECTORY"));
	snprintf(request, sizeof(request), "/mirror/target/add,to=file:%s", filed->path);
	order(request);
}

/* Finishes the file, and reads it. */
static void
filed_finish(struct filed *filed, struct reading *reading)
{
	char request[256];

	order("/mirror/remove,all=yes");
	snprintf(request, sizeof(request), "/mirror/target/remove,to=file:%s", filed->path);
	order(request);
	recorded_read_file(&filed->recorded, filed->path);
	recorded_look(&filed->recorded, false, reading);
}

static void
filed_close(struct filed *filed)
{
	recorded_free(&filed->recorded);
	CHECK_EQ(unlink(filed->path), 0);
	testbed_close(&filed->testbed);
}

static void
ask_to_add(const struct filed *filed, char request[256], const char *more)
{
	snprintf(request, 256, "/mirror/add,source=%u,to=file:%s,name=m,directions=rx%s",
			filed->testbed.source.id, filed->path, more);
}

static void
add(const struct filed *filed)
{
	char request[256];

	ask_to_add(filed, request, "");
	order(request);
}

/* One more would not be told apart, and its packets would not be there. */
static void
it_has_as_many_mirrors_as_it_tells_apart(void)
{
	struct reading reading;
	struct filed filed;
	char request[256];
	unsigned int i;

	filed_open(&filed);
	for (i = 0; i < MIRROR_CAPTURE_INTERFACES; i++) {
		add(&filed);
		testbed_pass(&filed.testbed, NB_PACKETS, 1, LENGTH);
		order("/mirror/remove,mirror=m");
	}
	ask_to_add(&filed, request, ",dry=yes");
	order_refused(request, "mirror to another");
	ask_to_add(&filed, request, "");
	order_refused(request, "mirror to another");
	filed_finish(&filed, &reading);
	CHECK_EQ(reading.nb_interfaces, MIRROR_CAPTURE_INTERFACES);
	CHECK_EQ(reading.nb_statistics, MIRROR_CAPTURE_INTERFACES);
	CHECK_EQ(reading.nb_packets, MIRROR_CAPTURE_INTERFACES * NB_PACKETS);
	filed_close(&filed);
}

/* The counters of who asks begin again, the file's statistics do not. */
static void
its_statistics_are_of_all_that_is_in_it(void)
{
	struct reading reading;
	struct filed filed;
	unsigned int i;

	filed_open(&filed);
	add(&filed);
	for (i = 0; i < 5; i++) {
		testbed_pass(&filed.testbed, NB_PACKETS, 1, LENGTH);
		order("/mirror/reset,mirror=m");
	}
	filed_finish(&filed, &reading);
	CHECK_EQ(reading.nb_packets, 5 * NB_PACKETS);
	CHECK_EQ(block_number(&reading.last_statistics, 4), 5 * NB_PACKETS);
	CHECK_EQ(block_number(&reading.last_statistics, 6), 5 * NB_PACKETS);
	filed_close(&filed);
}

/* Whatever it is, it is kept; one that leaves no room for a packet is no use. */
static void
it_is_never_longer_than_it_may_be(void)
{
	static const unsigned int sizes[] = { MIRROR_CAPTURE_LEAST, 2000, 3001 };
	struct testbed testbed;
	struct filed filed;
	char request[256];
	struct stat status;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	filed.testbed = testbed;
	snprintf(filed.path, sizeof(filed.path), "%s/file", getenv("RUNTIME_DIRECTORY"));
	ask_to_add(&filed, request, ",max_size=1143");
	order_refused(request, "give 1144 or more");
	for (i = 0; i < RTE_DIM(sizes); i++) {
		char more[32];

		snprintf(more, sizeof(more), ",max_size=%u", sizes[i]);
		ask_to_add(&filed, request, more);
		order(request);
		testbed_pass(&filed.testbed, NB_PACKETS, 1, LENGTH);
		order("/mirror/remove,mirror=m");
		CHECK_EQ(stat(filed.path, &status), 0);
		CHECK(status.st_size <= sizes[i]);
		CHECK(status.st_size > sizes[i] / 2);
		CHECK_EQ(unlink(filed.path), 0);
	}
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "it_has_as_many_mirrors_as_it_tells_apart", it_has_as_many_mirrors_as_it_tells_apart },
	{ "its_statistics_are_of_all_that_is_in_it", its_statistics_are_of_all_that_is_in_it },
	{ "it_is_never_longer_than_it_may_be", it_is_never_longer_than_it_may_be },
	{ NULL, NULL },
};
