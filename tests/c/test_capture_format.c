/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What captures consist of, byte by byte. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../csrc/capture/format.h"
#include "../../csrc/capture/host.h"
#include "../../csrc/capture/pcap.h"
#include "../../csrc/capture/pcapng.h"
#include "../../csrc/counter_names.h"
#include "blocks.h"
#include "testbed.h"

#define ETHERNET 1
#define SEED     4711

/* Of each kind of blocks by their numbers there. */
enum { SHB_HARDWARE = 2, SHB_OS, SHB_USERAPPL };
enum { IF_NAME = 2, IF_DESCRIPTION, IF_TSRESOL = 9, IF_FCSLEN = 13 };
enum { EPB_FLAGS = 2, EPB_DROPCOUNT = 4, EPB_PACKETID, EPB_QUEUE };
enum { ISB_STARTTIME = 2, ISB_ENDTIME, ISB_IFRECV, ISB_IFDROP, ISB_FILTERACCEPT, ISB_OSDROP };

static const enum mirror_capture_format formats[] = { MIRROR_CAPTURE_PCAPNG, MIRROR_CAPTURE_PCAP };

/* Puts a packet where there is just room for it, after it was not put where a byte was missing. */
static size_t
put_exactly(enum mirror_capture_format format, const struct mirror_capture_packet *packet,
		const struct rte_mbuf *pkt, uint8_t **buffer)
{
	const size_t size = mirror_capture_put_packet(format, packet, pkt, NULL, 0);

	*buffer = malloc(size);
	memset(*buffer, 0xee, size);
	CHECK_EQ(mirror_capture_put_packet(format, packet, pkt, *buffer, size - 1), size);
	CHECK_EQ((*buffer)[0], 0xee);
	CHECK_EQ((*buffer)[size - 1], 0xee);
	CHECK_EQ(mirror_capture_put_packet(format, packet, pkt, *buffer, size), size);
	return size;
}

static void
check_options(const struct mirror_capture_packet *packet, const struct block *block)
{
	const unsigned int nb = (packet->direction != MIRROR_CAPTURE_UNKNOWN) +
			(packet->dropped != 0) + (packet->id != 0) + packet->has_queue;

	CHECK_EQ(block->nb_options, nb);
	if (packet->direction != MIRROR_CAPTURE_UNKNOWN)
		CHECK_EQ(block_number(block, EPB_FLAGS), packet->direction);
	if (packet->dropped != 0)
		CHECK_EQ(block_number(block, EPB_DROPCOUNT), packet->dropped);
	if (packet->id != 0)
		CHECK_EQ(block_number(block, EPB_PACKETID), packet->id);
	if (packet->has_queue)
		CHECK_EQ(block_number(block, EPB_QUEUE), packet->queue);
}

static struct mirror_capture_packet
random_packet(void)
{
	return (struct mirror_capture_packet){
		.time_ns = (uint64_t)rand() * rand() % (UINT32_MAX * UINT64_C(1000000000)),
		.id = rand() % 2 * (uint64_t)rand() * rand(),
		.dropped = rand() % 2 * (uint64_t)rand() * rand(),
		.interface = rand(),
		.captured_length = rand() % 3 == 0 ? UINT32_MAX : (uint32_t)rand() % 5000,
		.original_length = rand(),
		.queue = rand(),
		.has_queue = rand() % 2,
		.direction = rand() % 3,
	};
}

static void
try_packet(enum mirror_capture_format format, uint32_t length, uint32_t seed)
{
	const bool is_pcap = format == MIRROR_CAPTURE_PCAP;
	const struct mirror_capture_packet packet = random_packet();
	struct rte_mbuf *pkt = loose_random(length, seed);
	struct block block;
	uint8_t *buffer;
	size_t size = put_exactly(format, &packet, pkt, &buffer);

	CHECK_EQ(block_read(is_pcap, false, buffer, size, &block), size);
	CHECK_EQ(block.kind, BLOCK_PACKET);
	CHECK_EQ(block.time_ns, packet.time_ns);
	CHECK_EQ(block.captured_length, RTE_MIN(pkt->pkt_len, packet.captured_length));
	CHECK_EQ(block.original_length, packet.original_length);
	CHECK_EQ(block.interface, is_pcap ? 0 : packet.interface);
	CHECK(size <= block.captured_length + (size_t)MIRROR_CAPTURE_PACKET_OVERHEAD);
	CHECK_EQ(mirror_capture_record_size(format, buffer), size);
	CHECK(mirror_capture_is_packet(format, buffer));
	loose_check(&block, seed);
	if (!is_pcap)
		check_options(&packet, &block);
	free(buffer);
	loose_free(pkt);
}

static void
packets_of_any_segments_lengths_and_options(void)
{
	unsigned int i;

	srand(SEED);
	for (i = 0; i < 20000; i++)
		try_packet(formats[i % 2], rand() % (rand() % 20 == 0 ? 300000 : 2000), i);
}

static void
a_packet_without_a_byte_is_one(void)
{
	try_packet(MIRROR_CAPTURE_PCAPNG, 0, SEED);
	try_packet(MIRROR_CAPTURE_PCAP, 0, SEED);
}

/* It may be changed by who shares it, or was never as long as it says. */
static void
no_more_is_read_than_there_is(void)
{
	static const uint16_t lengths[] = { 60, 0, 7, 33 };
	const struct mirror_capture_packet packet = { .captured_length = UINT32_MAX,
		.has_queue = true };
	struct rte_mbuf *pkt = loose_make(lengths, RTE_DIM(lengths), SEED);
	uint8_t buffer[2000];
	struct block block;
	unsigned int i, j;

	pkt->pkt_len = 1000;
	for (i = 0; i < RTE_DIM(formats); i++) {
		const bool is_pcap = formats[i] == MIRROR_CAPTURE_PCAP;

		for (j = 0; j < 2; j++) {
			/* One segment less than there are, and more. */
			pkt->nb_segs = j == 0 ? 3 : 9;
			const size_t size = mirror_capture_put_packet(
					formats[i], &packet, pkt, buffer, sizeof(buffer));

			CHECK_EQ(block_read(is_pcap, false, buffer, size, &block), size);
			CHECK_EQ(block.captured_length, j == 0 ? 67 : 100);
			loose_check(&block, SEED);
		}
	}
	loose_free(pkt);
}

/* Its second cache line is on a page that nobody may read, and it says that there is more. */
static void
of_one_segment_the_second_cache_line_is_not_read(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *pages = mmap(
			NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rte_mbuf *pkt = (void *)(pages + page - RTE_CACHE_LINE_SIZE);
	const struct mirror_capture_packet packet = { .captured_length = UINT32_MAX };
	uint8_t data[100] = { 1 }, buffer[200];

	CHECK(pages != MAP_FAILED);
	pkt->buf_addr = data;
	pkt->data_len = sizeof(data);
	pkt->pkt_len = 150;
	pkt->nb_segs = 1;
	CHECK_EQ(mprotect(pages + page, page, PROT_NONE), 0);
	CHECK_EQ(mirror_capture_put_packet(
				 MIRROR_CAPTURE_PCAP, &packet, pkt, buffer, sizeof(buffer)),
			sizeof(data) + 16);
	CHECK_EQ(munmap(pages, 2 * page), 0);
}

static void
check_interface(const struct mirror_capture_interface *interface, const char *name,
		const char *description)
{
	uint8_t buffer[MIRROR_CAPTURE_INTERFACE_SIZE];
	struct block block;
	const size_t size = mirror_capture_put_interface(
			MIRROR_CAPTURE_PCAPNG, interface, buffer, sizeof(buffer));

	CHECK_EQ(mirror_capture_put_interface(MIRROR_CAPTURE_PCAPNG, interface, buffer, size - 1),
			size);
	CHECK_EQ(block_read(false, false, buffer, size, &block), size);
	CHECK_EQ(block.kind, BLOCK_INTERFACE);
	CHECK_EQ(block.link_type, interface->link_type);
	CHECK_EQ(block.snaplen, MIRROR_CAPTURE_SNAPLEN);
	CHECK_EQ(block.options[IF_TSRESOL].length, 1);
	CHECK_EQ(block.options[IF_TSRESOL].value[0], 9);
	CHECK(name == NULL ? block.options[IF_NAME].value == NULL :
			     block_text_is(&block, IF_NAME, name));
	CHECK(description == NULL ? block.options[IF_DESCRIPTION].value == NULL :
				    block_text_is(&block, IF_DESCRIPTION, description));
	CHECK_EQ(block.options[IF_FCSLEN].value != NULL, interface->fcs_length != 0);
	CHECK(!mirror_capture_is_packet(MIRROR_CAPTURE_PCAPNG, buffer));
	memcpy(&block.snaplen, buffer + mirror_capture_pcapng_snaplen_offset(),
			sizeof(block.snaplen));
	CHECK_EQ(block.snaplen, MIRROR_CAPTURE_SNAPLEN);
}

static void
interfaces_say_what_there_is_to_say(void)
{
	const struct mirror_capture_interface all = { "net_ring0", "switch, rx", ETHERNET, 4 };
	const struct mirror_capture_interface nothing = { .link_type = 147 };
	const struct mirror_capture_interface empty = { "", "", ETHERNET, 0 };

	check_interface(&all, "net_ring0", "switch, rx");
	check_interface(&nothing, NULL, NULL);
	check_interface(&empty, NULL, NULL);
}

/* 255 bytes, or as many as leave the last character whole. */
static void
long_texts_are_cut_between_characters(void)
{
	char text[600], cut[256];
	struct mirror_capture_interface interface = { text, text, ETHERNET, 0 };
	unsigned int ascii;

	for (ascii = 0; ascii < 4; ascii++) {
		const unsigned int whole = (255 - ascii) / 4 * 4 + ascii;
		unsigned int at;

		memset(text, 'a', ascii);
		for (at = ascii; at + 4 < sizeof(text); at += 4)
			memcpy(text + at, "\xf0\x9f\xa6\x86", 4);
		text[at] = '\0';
		memcpy(cut, text, whole);
		cut[whole] = '\0';
		check_interface(&interface, cut, cut);
	}
	memset(text, 'a', sizeof(text));
	text[256] = '\0';
	memset(cut, 'a', 255);
	cut[255] = '\0';
	check_interface(&interface, cut, cut);
	text[255] = '\0';
	check_interface(&interface, cut, cut);
}

static void
sections_say_what_they_were_made_with(void)
{
	struct mirror_capture_section section = { "a processor", "a system", "a program" };
	uint8_t buffer[MIRROR_CAPTURE_SECTION_SIZE];
	struct block block;
	size_t size = mirror_capture_put_section(
			MIRROR_CAPTURE_PCAPNG, &section, buffer, sizeof(buffer));

	CHECK_EQ(block_read(false, true, buffer, size, &block), size);
	CHECK_EQ(block.nb_options, 3);
	CHECK(block_text_is(&block, SHB_HARDWARE, "a processor"));
	CHECK(block_text_is(&block, SHB_OS, "a system"));
	CHECK(block_text_is(&block, SHB_USERAPPL, "a program"));

	memset(&section, 0, sizeof(section));
	size = mirror_capture_put_section(MIRROR_CAPTURE_PCAPNG, &section, buffer, sizeof(buffer));
	CHECK_EQ(block_read(false, true, buffer, size, &block), size);
	CHECK_EQ(block.nb_options, 0);

	memset(section.hardware, 'h', sizeof(section.hardware) - 1);
	memset(section.os, 'o', sizeof(section.os) - 1);
	memset(section.application, 'a', sizeof(section.application) - 1);
	size = mirror_capture_put_section(MIRROR_CAPTURE_PCAPNG, &section, buffer, sizeof(buffer));
	CHECK_EQ(block_read(false, true, buffer, size, &block), size);

	mirror_capture_host(&section);
	CHECK(strlen(section.hardware) > 0 && strstr(section.os, "Linux ") == section.os);
	CHECK(strstr(section.application, "dpdk-mirror ") == section.application);
	CHECK_EQ(mirror_capture_put_section(MIRROR_CAPTURE_PCAP, &section, NULL, 0), 0);
}

/* Whatever is not in the capture was not accepted, or is one of the two others. */
static void
statistics_add_up(void)
{
	const struct rte_mirror_stats stats = { .seen = 1111111111,
		.packets = 1000000000,
		.filtered = 1,
		.unsampled = 10,
		.declined = 100,
		.limited = 11111000,
		.unsupported = 20000000,
		.oversize = 30000000,
		.nombuf = 40000000,
		.full = 10000000 };
	struct mirror_capture_statistics statistics = { 3, 5000000001, 2000000000, 0, { 0 } };
	uint8_t buffer[MIRROR_CAPTURE_STATISTICS_SIZE];
	struct block block;
	size_t size;

	mirror_capture_count(&stats, &statistics.counters);
	size = mirror_capture_put_statistics(
			MIRROR_CAPTURE_PCAPNG, &statistics, buffer, sizeof(buffer));
	CHECK_EQ(block_read(false, false, buffer, size, &block), size);
	CHECK_EQ(block.kind, BLOCK_STATISTICS);
	CHECK_EQ(block.interface, 3);
	CHECK_EQ(block.time_ns, 5000000001);
	CHECK_EQ(block_time(&block, ISB_STARTTIME), 2000000000);
	CHECK(block.options[ISB_ENDTIME].value == NULL);
	CHECK_EQ(block_number(&block, ISB_IFRECV), 1111111111);
	CHECK_EQ(block_number(&block, ISB_FILTERACCEPT), 1100000000);
	CHECK_EQ(block_number(&block, ISB_IFDROP), 90000000);
	CHECK_EQ(block_number(&block, ISB_OSDROP), 10000000);

	statistics.end_ns = 5000000000;
	size = mirror_capture_put_statistics(
			MIRROR_CAPTURE_PCAPNG, &statistics, buffer, sizeof(buffer));
	CHECK_EQ(block_read(false, false, buffer, size, &block), size);
	CHECK_EQ(block_time(&block, ISB_ENDTIME), 5000000000);
	CHECK_EQ(mirror_capture_put_statistics(MIRROR_CAPTURE_PCAP, &statistics, NULL, 0), 0);
}

static void
a_pcap_begins_with_its_only_interface(void)
{
	const struct mirror_capture_interface interface = { "name", "", ETHERNET, 4 };
	const struct mirror_capture_interface usb = { .link_type = 249 };
	uint8_t buffer[24];
	struct block block;
	uint32_t link_type;

	CHECK_EQ(mirror_capture_put_interface(MIRROR_CAPTURE_PCAP, &interface, buffer, 23), 24);
	CHECK_EQ(mirror_capture_put_interface(MIRROR_CAPTURE_PCAP, &interface, buffer, 24), 24);
	CHECK_EQ(block_read(true, true, buffer, 24, &block), 24);
	CHECK_EQ(block.snaplen, MIRROR_CAPTURE_SNAPLEN);
	link_type = block.link_type;
	CHECK_EQ(mirror_capture_pcap_take_fcs(&link_type), 4);
	CHECK_EQ(link_type, ETHERNET);
	mirror_capture_put_interface(MIRROR_CAPTURE_PCAP, &usb, buffer, 24);
	block_read(true, true, buffer, 24, &block);
	CHECK_EQ(block.snaplen, mirror_capture_longest(MIRROR_CAPTURE_PCAP, 249));
	CHECK(block.snaplen > MIRROR_CAPTURE_SNAPLEN);
}

/* Of any counter: it says that packets were not to be taken, or that they are lost. */
static void
no_counter_is_left_out_of_statistics(void)
{
	const struct mirror_counter_name *counter;
	unsigned int nb_lost = 0;

	for (counter = mirror_counter_names;
			counter < mirror_counter_names + RTE_DIM(mirror_counter_names); counter++) {
		struct rte_mirror_stats stats = { .seen = 7, .bytes = 7 };
		struct mirror_capture_counters counters;

		if (strcmp(counter->name, "seen") == 0 || strcmp(counter->name, "bytes") == 0)
			continue;
		*(uint64_t *)((char *)&stats + counter->offset) = 7;
		mirror_capture_count(&stats, &counters);
		CHECK_EQ(counters.received, 7);
		CHECK_EQ(counters.accepted, counter->is_not_chosen ? 0 : 7);
		CHECK_EQ(counters.accepted - counters.dropped - counters.full, stats.packets);
		nb_lost += counters.dropped + counters.full != 0;
	}
	CHECK(nb_lost >= 4);
}

const struct test_case test_cases[] = {
	{ "packets_of_any_segments_lengths_and_options",
			packets_of_any_segments_lengths_and_options },
	{ "a_packet_without_a_byte_is_one", a_packet_without_a_byte_is_one },
	{ "no_more_is_read_than_there_is", no_more_is_read_than_there_is },
	{ "of_one_segment_the_second_cache_line_is_not_read",
			of_one_segment_the_second_cache_line_is_not_read },
	{ "interfaces_say_what_there_is_to_say", interfaces_say_what_there_is_to_say },
	{ "long_texts_are_cut_between_characters", long_texts_are_cut_between_characters },
	{ "sections_say_what_they_were_made_with", sections_say_what_they_were_made_with },
	{ "statistics_add_up", statistics_add_up },
	{ "no_counter_is_left_out_of_statistics", no_counter_is_left_out_of_statistics },
	{ "a_pcap_begins_with_its_only_interface", a_pcap_begins_with_its_only_interface },
	{ NULL, NULL },
};
