/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "harness.h"
#include "requests.h"

void
ask(const char *request, char answer[REQUEST_ANSWER_SIZE])
{
	struct text text = mirror_text_begin(answer, REQUEST_ANSWER_SIZE);

	mirror_request_answer(request, strlen(request), NULL, &text);
}

void
order(const char *request)
{
	char answer[REQUEST_ANSWER_SIZE];

	ask(request, answer);
	if (strstr(answer, "\"error\"") != NULL)
		test_fail(__FILE__, __LINE__, "%s", answer);
}

void
order_refused(const char *request, const char *says)
{
	char answer[REQUEST_ANSWER_SIZE];

	ask(request, answer);
	if (strstr(answer, "\"error\"") == NULL || strstr(answer, says) == NULL)
		test_fail(__FILE__, __LINE__, "%s does not say \"%s\": %s", request, says, answer);
}

void
check_answer(const char *request, const char *says)
{
	char answer[REQUEST_ANSWER_SIZE];

	ask(request, answer);
	if (strstr(answer, says) == NULL)
		test_fail(__FILE__, __LINE__, "%s does not say %s: %s", request, says, answer);
}
