/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include <rte_mbuf.h>

#include "format.h"
#include "pcap.h"
#include "pcapng.h"

uint32_t
mirror_capture_longest(enum mirror_capture_format format, uint32_t link_type)
{
	if (format == MIRROR_CAPTURE_PCAP)
		return mirror_capture_pcap_longest(link_type);
	/* A block's length has 32 bits. */
	return UINT32_MAX - MIRROR_CAPTURE_PACKET_OVERHEAD;
}

size_t
mirror_capture_put_section(enum mirror_capture_format format,
		const struct mirror_capture_section *section, uint8_t *buffer, size_t room)
{
	return format == MIRROR_CAPTURE_PCAP ? 0 :
					       mirror_capture_pcapng_section(section, buffer, room);
}

size_t
mirror_capture_put_interface(enum mirror_capture_format format,
		const struct mirror_capture_interface *interface, uint8_t *buffer, size_t room)
{
	if (format != MIRROR_CAPTURE_PCAP)
		return mirror_capture_pcapng_interface(interface, buffer, room);
	if (room >= MIRROR_CAPTURE_PCAP_START_SIZE)
		mirror_capture_pcap_start(interface, buffer);
	return MIRROR_CAPTURE_PCAP_START_SIZE;
}

/* As many bytes as there are, up to length. Of a packet of one segment the second cache line is not looked at. */
static uint32_t
copy_packet(const struct rte_mbuf *pkt, uint32_t length, uint8_t *buffer)
{
	uint32_t segments = pkt->nb_segs, done = 0;

	for (;;) {
		const uint32_t size = RTE_MIN(length - done, (uint32_t)pkt->data_len);

		memcpy(buffer + done, rte_pktmbuf_mtod(pkt, const void *), size);
		done += size;
		if (done == length || --segments == 0 || pkt->next == NULL)
			return done;
		pkt = pkt->next;
	}
}

size_t
mirror_capture_put_packet(enum mirror_capture_format format,
		const struct mirror_capture_packet *packet, const struct rte_mbuf *pkt,
		uint8_t *buffer, size_t room)
{
	const uint32_t header = format == MIRROR_CAPTURE_PCAP ? MIRROR_CAPTURE_PCAP_HEADER_SIZE :
								MIRROR_CAPTURE_PCAPNG_HEADER_SIZE;
	const uint32_t wanted = RTE_MIN(pkt->pkt_len, packet->captured_length);
	const uint64_t most = format == MIRROR_CAPTURE_PCAP ?
			(uint64_t)header + wanted :
			mirror_capture_pcapng_packet_size(packet, wanted);
	uint32_t length;

	if (most > room)
		return most;
	length = copy_packet(pkt, wanted, buffer + header);
	if (format != MIRROR_CAPTURE_PCAP)
		return mirror_capture_pcapng_frame(packet, length, buffer);
	mirror_capture_pcap_header(packet, length, buffer);
	return header + length;
}

size_t
mirror_capture_put_statistics(enum mirror_capture_format format,
		const struct mirror_capture_statistics *statistics, uint8_t *buffer, size_t room)
{
	return format == MIRROR_CAPTURE_PCAP ?
			0 :
			mirror_capture_pcapng_statistics(statistics, buffer, room);
}

size_t
mirror_capture_record_size(enum mirror_capture_format format, const uint8_t *record)
{
	return format == MIRROR_CAPTURE_PCAP ? mirror_capture_pcap_record_size(record) :
					       mirror_capture_pcapng_block_size(record);
}

bool
mirror_capture_is_packet(enum mirror_capture_format format, const uint8_t *record)
{
	return format == MIRROR_CAPTURE_PCAP || mirror_capture_pcapng_is_packet(record);
}
