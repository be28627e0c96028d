/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include <rte_telemetry.h>

#include "../compat.h"
#include "reply.h"

static int
begin_object(struct reply *reply)
{
	return rte_tel_data_start_dict(reply->data);
}

static int
begin_array(struct reply *reply)
{
	return rte_tel_data_start_array(reply->data, MIRROR_TEL_UINT);
}

static int
append_number(struct reply *reply, uint64_t value)
{
	return mirror_tel_append_uint(reply->data, value);
}

static int
add_number(struct reply *reply, const char *key, uint64_t value)
{
	return mirror_tel_add_uint(reply->data, key, value);
}

static int
add_string(struct reply *reply, const char *key, const char *value)
{
	return rte_tel_data_add_dict_string(reply->data, key, value);
}

static int
add_pieces(struct reply *reply, const char *key, char (*pieces)[REPLY_PIECE_SIZE], unsigned int nb)
{
	struct rte_tel_data *array = rte_tel_data_alloc();
	unsigned int i;
	int rc;

	if (array == NULL)
		return -ENOMEM;
	rc = rte_tel_data_start_array(array, RTE_TEL_STRING_VAL);
	for (i = 0; rc == 0 && i < nb; i++)
		rc = rte_tel_data_add_array_string(array, pieces[i]);
	if (rc == 0)
		/* Freed by telemetry once it has been sent. */
		rc = rte_tel_data_add_dict_container(reply->data, key, array, 0);
	if (rc != 0)
		rte_tel_data_free(array);
	return rc;
}

static const struct reply_writer writer = {
	.object = begin_object,
	.array = begin_array,
	.number = add_number,
	.string = add_string,
	.pieces = add_pieces,
	.append = append_number,
};

struct reply
mirror_reply_for_telemetry(struct rte_tel_data *data)
{
	return (struct reply){ .writer = &writer, .data = data };
}
