#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sip/trace_pcap.h"

#define LINKTYPE_RAW 101
#define IP4_HEADER   20
#define IP6_HEADER   40
#define UDP_HEADER   8
#define TCP_HEADER   20
#define PACKET_MAX   65535

static uint8_t *put8(uint8_t *p, unsigned v)
{
	*p = (uint8_t)v;
	return p + 1;
}

static uint8_t *put16(uint8_t *p, unsigned v)
{
	return put8(put8(p, v >> 8), v & 255);
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 65535);
}

/* Sum of 16-bit words, RFC 1071. */
static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return len ? sum + ((uint32_t)p[0] << 8) : sum;
}

static unsigned checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 65535) + (sum >> 16);
	return ~sum & 65535;
}

static size_t put_address(uint8_t *p, const struct sa *sa)
{
	uint8_t in6[16];

	if (sa_af(sa) == AF_INET6) {
		sa_in6(sa, in6);
		memcpy(p, in6, 16);
		return 16;
	}
	put32(p, sa_in(sa));
	return 4;
}

/* IP header for LEN bytes after it. Returns its length; the pseudo header's sum for the protocol's check in *SUM. */
static size_t put_ip(uint8_t *ip, const struct trace_message *m, size_t len, unsigned number, uint32_t *sum)
{
	unsigned protocol = m->tcp ? 6 : 17;
	uint8_t *p = ip;

	if (sa_af(&m->src) == AF_INET6) {
		p = put32(p, 6u << 28);
		p = put16(p, (unsigned)len);
		p = put8(put8(p, protocol), 64);
		p += put_address(p, &m->src);
		put_address(p, &m->dst);
		*sum = add_words(protocol + (uint32_t)len, ip + 8, 32);
		return IP6_HEADER;
	}
	p = put16(p, 0x4500);
	p = put16(p, (unsigned)(IP4_HEADER + len));
	p = put16(put16(p, number & 65535), 0x4000);
	p = put8(put8(p, 64), protocol);
	p = put16(p, 0);
	p += put_address(p, &m->src);
	put_address(p, &m->dst);
	put16(ip + 10, checksum(add_words(0, ip, IP4_HEADER)));
	*sum = add_words(protocol + (uint32_t)len, ip + 12, 8);
	return IP4_HEADER;
}

/* Bytes that went from A to B in the messages before number N: a TCP sequence number. */
static uint32_t bytes_before(const struct trace_message *const *message, unsigned n, const struct sa *a,
			     const struct sa *b)
{
	uint32_t bytes = 1;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (message[i]->tcp && sa_cmp(&message[i]->src, a, SA_ALL) && sa_cmp(&message[i]->dst, b, SA_ALL))
			bytes += (uint32_t)message[i]->size;
	}
	return bytes;
}

static void write_packet(FILE *f, const struct trace_message *const *message, unsigned n, uint8_t *packet)
{
	const struct trace_message *m = message[n];
	size_t header = (sa_af(&m->src) == AF_INET6 ? IP6_HEADER : IP4_HEADER) + (m->tcp ? TCP_HEADER : UDP_HEADER);
	size_t size = m->size < PACKET_MAX - header ? m->size : PACKET_MAX - header;
	size_t kept = m->kept < size ? m->kept : size, length;
	uint8_t *p, *check, *own;
	uint32_t sum;
	uint32_t record[4] = {
		(uint32_t)(m->wall_ms / 1000), (uint32_t)(m->wall_ms % 1000) * 1000, (uint32_t)(header + kept),
		(uint32_t)(header + size),
	};

	length = size + (m->tcp ? TCP_HEADER : UDP_HEADER);
	own = packet + put_ip(packet, m, length, n, &sum);
	p = put16(put16(own, sa_port(&m->src)), sa_port(&m->dst));
	if (m->tcp) {
		p = put32(p, bytes_before(message, n, &m->src, &m->dst));
		p = put32(p, bytes_before(message, n, &m->dst, &m->src));
		p = put16(p, TCP_HEADER / 4 << 12 | 0x18);  /* PSH, ACK */
		p = put16(p, 65535);
		check = p;
		p = put16(put16(p, 0), 0);
	}
	else {
		p = put16(p, (unsigned)length);
		check = p;
		p = put16(p, 0);
	}
	memcpy(p, m->text, kept);
	/* of what is not all there nobody can compute it */
	if (kept == size) {
		unsigned c = checksum(add_words(sum, own, length));

		put16(check, c ? c : 65535);
	}
	fwrite(record, sizeof(record), 1, f);
	fwrite(packet, header + kept, 1, f);
}

int trace_write_pcap(FILE *f, const struct trace_message *const *message, unsigned messages)
{
	/* in our own byte order, as the first word tells the reader */
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, longest, link_type;
	} head = {0xa1b2c3d4, 2, 4, 0, 0, PACKET_MAX, LINKTYPE_RAW};
	uint8_t *packet = malloc(PACKET_MAX);
	unsigned i;

	if (!packet)
		return ENOMEM;
	fwrite(&head, sizeof(head), 1, f);
	for (i = 0; i < messages; i++) {
		if (sa_af(&message[i]->src) == sa_af(&message[i]->dst))
			write_packet(f, message, i, packet);
	}
	free(packet);
	return 0;
}
