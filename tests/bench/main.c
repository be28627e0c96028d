/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_version.h>

#include "cost.h"
#include "measure.h"
#include "throughput.h"

/* Methods that are measured together. The baseline comes first. */
#define ALL  "baseline empty floor rfc share split copy copy128 clone pktmbuf_copy pdump"
#define IDLE "baseline empty paused dormant"
#define SELECTING                                                                               \
	"baseline empty mac-none mac-all flow-none flow-all jit-none jit-all interpreter-none " \
	"interpreter-all sample1000 share"
#define SELECTING_VLANS "baseline empty vlan-none vlan-all share"
#define LIMITING        "baseline share rate rate-bits"
#define FILTERING       "baseline empty filters filters4 filters16"
#define FILTERING_MIX   "baseline empty jit-none interpreter-none filters filters4 filters16"
#define OVER_BURST      "baseline empty floor rfc share split copy clone pktmbuf_copy pdump"
#define OVER_MIRRORS    "baseline share share2 share3 share4"
#define OVER_QUEUES     "baseline rfc share split copy pktmbuf_copy"
#define OVER_SIZE       "baseline share split copy pktmbuf_copy"
#define FORWARDING      "baseline share split copy pdump"

struct packet_size {
	uint16_t segment_size, nb_segments;
};

static const struct packet_size sizes[] = { { 64, 1 }, { 512, 1 }, { 1518, 1 }, { 1500, 3 } };

/* Where a copy of the whole starts to cost more than a split. */
static const struct packet_size steps[] = { { 64, 1 }, { 128, 1 }, { 256, 1 }, { 384, 1 },
	{ 512, 1 }, { 640, 1 }, { 768, 1 }, { 1024, 1 }, { 1280, 1 }, { 1518, 1 } };

static struct bed bed;
static struct comparison comparison;

/* What the flows of a comparison have in common. */
struct setting {
	const char *comparison; /* what it is about */
	const struct packet_size *size;
	struct traffic *traffic; /* NULL: forwarded packets */
	struct flow_options options;
};

static void
print_number(const char *name, double value)
{
	/* JSON has no NaN. */
	if (isnan(value))
		printf(", \"%s\": null", name);
	else
		printf(", \"%s\": %.4f", name, value);
}

/* One line of JSON for each flow. */
static void
print_flow(const struct setting *setting, unsigned int index)
{
	const struct method *method = comparison.flows[index].method;
	const struct measured *measured = &comparison.measured[index];
	const struct flow_options *options = &setting->options;
	/* The baseline itself is what its loop takes, and so is forwarding; a mirror is what it adds. */
	const struct quartiles cycles = index == 0 || setting->traffic == NULL ?
			measured_cycles(&comparison, index) :
			measured_difference(&comparison, index);

	printf("{\"comparison\": \"%s\", \"method\": \"%s\", \"mirrors\": %u", setting->comparison,
			method->label != NULL ? method->label : method->name,
			method->idle ? method->nb_mirrors : RTE_MAX(method->nb_mirrors, 1u));
	printf(", \"size\": %u, \"segments\": %u, \"burst\": %u, \"queues\": %u",
			setting->size->segment_size, setting->size->nb_segments, options->burst,
			options->nb_queues);
	printf(", \"warmth\": \"%s\", \"target\": \"%s\"", options->cold ? "cold" : "warm",
			options->later ? "ring" : "null");
	print_number("median", cycles.median);
	print_number("low", cycles.low);
	print_number("high", cycles.high);
	printf(", \"tried\": %u, \"accepted\": %u}\n", measured->nb_tried, measured->nb_accepted);
}

/* Measures methods, given as words, with the comparison's chunk, and prints what it found. */
static void
compare(const struct setting *setting, const char *methods)
{
	char words[256], *word, *rest = words;
	unsigned int i;

	snprintf(words, sizeof(words), "%s", methods);
	comparison.nb_flows = 0;
	while ((word = strtok_r(rest, " ", &rest)) != NULL) {
		flow_open(&comparison.flows[comparison.nb_flows], &bed, comparison.nb_flows,
				method_find(word), &setting->options);
		comparison.nb_flows++;
	}
	for (i = 0; setting->traffic == NULL && i < comparison.nb_flows; i++)
		forward_open(comparison.arg, &comparison.flows[i]);
	if (setting->options.later)
		reader_start();
	measure(&comparison);
	if (setting->options.later)
		reader_stop();
	for (i = 0; i < comparison.nb_flows; i++) {
		if (setting->traffic == NULL)
			forward_close(&comparison.flows[i]);
		flow_close(&comparison.flows[i]);
		print_flow(setting, i);
	}
}

static void
compare_cost(const struct setting *setting, const char *methods)
{
	const bool warmed = setting->options.later && !setting->options.cold;
	struct cost_chunk chunk = {
		.traffic = setting->traffic,
		.nb_laps = warmed ? 8 : 1,
		.lap_pkts = warmed ? setting->traffic->shape.nb_packets : 2048,
		.warmed = warmed,
	};

	if (setting->options.later && !bed_has_reader())
		return;
	comparison.chunk = cost_chunk;
	comparison.arg = &chunk;
	compare(setting, methods);
}

static void
compare_throughput(const struct packet_size *size, bool later)
{
	const struct setting setting = {
		.comparison = "throughput",
		.size = size,
		.options = { .nb_queues = 1, .burst = 32, .later = later, .cold = true },
	};
	struct forward forward = {
		.pool = bed.forward,
		.shape = { .segment_size = size->segment_size, .nb_segments = 1 },
		.nb_pkts = 2048,
	};

	if (later && !bed_has_reader())
		return;
	comparison.chunk = forward_chunk;
	comparison.arg = &forward;
	compare(&setting, FORWARDING);
}

/* 1, 4, 8, 16, 32 and 64 packets at a time. */
static void
compare_bursts(struct setting setting)
{
	uint16_t *burst = &setting.options.burst;

	setting.comparison = "bursts";
	for (*burst = 1; *burst <= BED_MAX_BURST; *burst *= *burst == 1 ? 4 : 2)
		compare_cost(&setting, OVER_BURST);
}

static void
compare_idle(struct setting setting)
{
	setting.comparison = "idle";
	compare_cost(&setting, IDLE);
}

static void
compare_mirrors(struct setting setting)
{
	setting.comparison = "mirrors";
	compare_cost(&setting, setting.options.later ? OVER_MIRRORS : OVER_MIRRORS " share8");
}

static void
compare_queues(struct setting setting)
{
	uint16_t *nb_queues = &setting.options.nb_queues;

	setting.comparison = "queues";
	for (*nb_queues = 1; *nb_queues <= BED_SOURCE_QUEUES; *nb_queues *= 2)
		compare_cost(&setting, OVER_QUEUES);
}

/* Warm packets that are freed later come round once a lap; see cost_chunk(). */
static uint32_t
packets_of(const struct packet_size *size, const struct flow_options *options)
{
	if (options->cold)
		return TRAFFIC_SEGMENTS / size->nb_segments / BED_MAX_BURST * BED_MAX_BURST;
	return options->later ? TRAFFIC_WARM_LATER : TRAFFIC_WARM;
}

static void
traffic_with(struct traffic *traffic, const struct packet_size *size,
		const struct flow_options *options, bool tagged)
{
	const struct traffic_shape shape = {
		.segment_size = size->segment_size,
		.nb_segments = size->nb_segments,
		.nb_packets = packets_of(size, options),
		.shuffled = options->cold,
		.tagged = tagged,
	};

	traffic_open(traffic, &shape, bed.packets);
}

static void
compare_step(const struct packet_size *size, const struct flow_options *options)
{
	struct traffic traffic;
	const struct setting setting = {
		.comparison = "sizes",
		.size = size,
		.traffic = &traffic,
		.options = *options,
	};

	traffic_with(&traffic, size, options, false);
	compare_cost(&setting, OVER_SIZE);
	traffic_close(&traffic);
}

/* All that is measured with packets of a size, or what is measured of every size. */
static void
compare_all(const struct packet_size *size, const struct flow_options *options)
{
	struct traffic traffic;
	const struct setting setting = {
		.comparison = "methods",
		.size = size,
		.traffic = &traffic,
		.options = *options,
	};
	const bool has_all = size == &sizes[0] && options->cold == options->later;

	traffic_with(&traffic, size, options, false);
	compare_cost(&setting, ALL);
	if (has_all && !options->cold)
		compare_idle(setting);
	if (has_all) {
		compare_bursts(setting);
		compare_mirrors(setting);
		if (!options->later)
			compare_queues(setting);
	}
	traffic_close(&traffic);
}

static void
compare_costs(const struct packet_size *size)
{
	struct flow_options options = { .nb_queues = 1, .burst = 32 };

	compare_all(size, &options);
	options.later = true;
	compare_all(size, &options);
	options.cold = true;
	compare_all(size, &options);
	options.later = false;
	compare_all(size, &options);
}

static void
compare_sizes(void)
{
	struct flow_options options = { .nb_queues = 1, .burst = 32 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(steps); i++) {
		options.later = options.cold = false;
		compare_step(&steps[i], &options);
		options.later = options.cold = true;
		compare_step(&steps[i], &options);
	}
}

/* Filters of packets that are not all alike, more than a branch predictor remembers. */
static void
compare_mix(struct setting setting)
{
	struct traffic_shape shape = {
		.segment_size = setting.size->segment_size,
		.nb_segments = setting.size->nb_segments,
		.nb_packets = setting.options.cold ? packets_of(setting.size, &setting.options) :
						     TRAFFIC_MIXED,
		.shuffled = setting.options.cold,
		.mixed = true,
	};

	setting.comparison = "mix";
	traffic_open(setting.traffic, &shape, bed.packets);
	compare_cost(&setting, FILTERING_MIX);
	traffic_close(setting.traffic);
}

/* What it costs to choose among packets, to targets that free at once. */
static void
compare_selection(bool cold)
{
	struct traffic traffic;
	struct setting setting = {
		.comparison = "selection",
		.size = &sizes[0],
		.traffic = &traffic,
		.options = { .nb_queues = 1, .burst = 32, .cold = cold },
	};

	traffic_with(&traffic, setting.size, &setting.options, false);
	compare_cost(&setting, SELECTING);
	setting.comparison = "rates";
	compare_cost(&setting, LIMITING);
	setting.comparison = "filters";
	compare_cost(&setting, FILTERING);
	traffic_close(&traffic);
	setting.comparison = "vlans";
	traffic_with(&traffic, setting.size, &setting.options, true);
	compare_cost(&setting, SELECTING_VLANS);
	traffic_close(&traffic);
	compare_mix(setting);
}

/* bench ROUNDS */
int
main(int argc, char **argv)
{
	unsigned int i;

	comparison.nb_rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	if (comparison.nb_rounds == 0) {
		fprintf(stderr, "usage: %s ROUNDS\n", argv[0]);
		return 1;
	}
	bed_open(&bed);
	printf("{\"dpdk\": \"%s\", \"tsc_hz\": %" PRIu64 ", \"pages\": \"%s\", \"reader\": %s}\n",
			rte_version(), rte_get_tsc_hz(), bed.memory.pages,
			bed_has_reader() ? "true" : "false");
	gate_open();
	for (i = 0; i < RTE_DIM(sizes); i++)
		compare_costs(&sizes[i]);
	compare_sizes();
	compare_selection(false);
	compare_selection(true);
	for (i = 0; i < RTE_DIM(sizes) && sizes[i].nb_segments == 1; i++) {
		compare_throughput(&sizes[i], false);
		compare_throughput(&sizes[i], true);
	}
	return 0;
}
