/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* PROGRAM [CASE]: runs all of a test program's cases, or one. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "rte_mirror.h"

int
main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : NULL;
	const struct test_case *test;
	int nb = 0;

	test_start(argv[0]);
	for (test = test_cases; test->name != NULL; test++) {
		if (wanted != NULL && strcmp(wanted, test->name) != 0)
			continue;
		test_name(test->name);
		printf("%s\n", test->name);
		test->run();
		CHECK_EQ(rte_mirror_list(NULL, 0), 0);
		nb++;
	}
	CHECK(nb > 0);
	test_end();
	return 0;
}
