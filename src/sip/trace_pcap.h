/* trace_pcap.h - messages as a capture file that tshark and the like read. */
#ifndef OFFHOOK_SIP_TRACE_PCAP_H
#define OFFHOOK_SIP_TRACE_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <re.h>

/* One message that was kept. */
struct trace_message {
	int64_t wall_ms;
	bool sent, tcp;
	struct sa src, dst;
	size_t size;        /* of the whole message */
	size_t kept;        /* of .text, which ends in a NUL */
	char text[];
};

/* Writes them to F: link type 101, each a packet with IP and UDP headers of the addresses that it really had. Those of
 * TCP are segments, numbered as if the connection had carried nothing else. 0 or ENOMEM; F's own error tells the rest. */
int trace_write_pcap(FILE *f, const struct trace_message *const *message, unsigned messages);

#endif
