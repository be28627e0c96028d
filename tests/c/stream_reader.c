/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"
#include "stream_reader.h"

/* As much as is read at once, and how long that may take to come. */
#define SOME    65536
#define SOON_MS 10000

bool
stream_reader_can_open(struct stream_reader *reader, const char *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*reader = (struct stream_reader){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	CHECK(reader->fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", strchr(target, ':') + 1);
	if (connect(reader->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	close(reader->fd);
	return false;
}

void
stream_reader_open(struct stream_reader *reader, const char *target)
{
	CHECK(stream_reader_can_open(reader, target));
}

/* Takes what is there; false: its end has come. */
static bool
take(struct stream_reader *reader)
{
	const bool goes_on = recorded_read_stream(&reader->come, reader->fd, SOME);

	recorded_look(&reader->come, goes_on, &reader->reading);
	return goes_on;
}

void
stream_reader_await_begin(struct stream_reader *reader)
{
	CHECK_WITHIN(SOON_MS, take(reader) && reader->come.size > 0);
}

void
stream_reader_await(struct stream_reader *reader, unsigned int nb_packets)
{
	CHECK_WITHIN(SOON_MS, take(reader) && reader->reading.nb_packets >= nb_packets);
	CHECK_EQ(reader->reading.nb_packets, nb_packets);
}

void
stream_reader_await_end(struct stream_reader *reader)
{
	CHECK_WITHIN(SOON_MS, !take(reader));
}

void
stream_reader_close(struct stream_reader *reader)
{
	close(reader->fd);
	recorded_free(&reader->come);
}
