/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_HARNESS_H
#define TESTS_C_HARNESS_H

/**
 * @file
 * What every C test program has: a table of named cases, each run on a started EAL, and checks that end the program
 * with file and line. A case looks at packets and counters; main.c, which runs it, checks that it leaves nothing behind.
 */

#include <stdbool.h>
#include <stdint.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

/** The program's cases; ends with an empty one. */
extern const struct test_case test_cases[];

/** Starts EAL, in a runtime directory of its own, on this thread and TEST_WORKERS others. */
void test_start(char *program);
/** What checks that fail from now on name. */
void test_name(const char *name);
/** Ends EAL. */
void test_end(void);

/** Says where and why, and ends the program: exit code 1. May be called from any thread. */
void test_fail(const char *file, int line, const char *format, ...)
		__attribute__((format(printf, 3, 4), noreturn));

/** Ends the program with exit code 77: what it needs is not there. */
void test_skip(const char *why) __attribute__((noreturn));

#define CHECK(condition)                                                           \
	do {                                                                       \
		if (!(condition))                                                  \
			test_fail(__FILE__, __LINE__, "not true: %s", #condition); \
	} while (0)

/** Two integers are the same. */
#define CHECK_EQ(a, b)                                                                         \
	do {                                                                                   \
		const int64_t value_a = (int64_t)(a), value_b = (int64_t)(b);                  \
                                                                                               \
		if (value_a != value_b)                                                        \
			test_fail(__FILE__, __LINE__, "%s is %" PRId64 ", %s is %" PRId64, #a, \
					value_a, #b, value_b);                                 \
	} while (0)

/** A condition that another thread brings about comes true before so many milliseconds have passed. */
#define CHECK_WITHIN(ms, condition)                                                        \
	do {                                                                               \
		const uint64_t deadline = test_now_ms() + (ms);                            \
                                                                                           \
		while (!(condition)) {                                                     \
			if (test_now_ms() > deadline)                                      \
				test_fail(__FILE__, __LINE__, "not true within %d ms: %s", \
						(int)(ms), #condition);                    \
			test_pause();                                                      \
		}                                                                          \
	} while (0)

uint64_t test_now_ms(void);

/** Gives way to other threads for a moment: what a loop does that waits for one. */
void test_pause(void);

/** Runs a function on a worker lcore; worker counts from 0, and there are TEST_WORKERS. */
void test_launch(unsigned int worker, int (*run)(void *), void *arg);
/** Waits for a worker's function to return. */
void test_join(unsigned int worker);

#define TEST_WORKERS 3

#endif /* TESTS_C_HARNESS_H */
