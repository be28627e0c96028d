/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_PARAMS_H
#define MIRROR_PLUGIN_PARAMS_H

/**
 * @file
 * What several commands read from their parameters. Every int is 0 or a negative errno, the refusal kept.
 */

#include <stdbool.h>
#include <stdint.h>

#include "pairs.h"

/** Takes a parameter that has to be there. */
int mirror_params_text(struct pairs *params, const char *key, const char **value);
/** Takes a number from 0 to max; one that is not there is left as it is. */
int mirror_params_number(struct pairs *params, const char *key, uint32_t max, uint32_t *value);
/** Takes a yes or no; one that is not there is no. */
int mirror_params_answer(struct pairs *params, const char *key, bool *value);
/** Takes mirror=NAME_OR_ID. */
int mirror_params_mirror(struct pairs *params, uint32_t *mirror_id);
/** The same, of a command that takes nothing else. */
int mirror_params_mirror_alone(struct pairs *params, uint32_t *mirror_id);
/** Refuses what nobody has taken; known is what could have been said. */
int mirror_params_end(const struct pairs *params, const char *known);

#endif /* MIRROR_PLUGIN_PARAMS_H */
