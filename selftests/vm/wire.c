// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire.c - what the VM's egress part sends and sees, where there is no Python:
 *   wire udp ADDRESS PORT     one datagram; prints "sent" or the error's name
 *   wire talk ADDRESS PORT SECONDS TEXT   dull datagrams of one socket for so long, ten a second, then TEXT
 *   wire family               asks for an AF_XDP socket; prints likewise
 *   wire count IFACE SECONDS  IPv4 frames but ICMP that come in there
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef AF_XDP
#define AF_XDP 44
#endif

static int told(bool done)
{
	puts(done ? "sent" : strerrorname_np(errno));
	return done ? 0 : 1;
}

static int send_udp(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return told(false);
	return told(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1);
}

static int talk_udp(const char *address, const char *port, int seconds, const char *text)
{
	static const char dull[] = "nothing that anybody looks for";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return told(false);
	for (int i = 0; i < seconds * 10; i++) {
		(void)!send(fd, dull, sizeof(dull) - 1, 0); /* nobody needs to listen */
		usleep(100000);
	}
	/* Nobody listens: the first one may only bring the news of that. */
	return told(send(fd, text, strlen(text), 0) > 0 || send(fd, text, strlen(text), 0) > 0);
}

static int ask_family(void)
{
	return told(socket(AF_XDP, SOCK_RAW, 0) >= 0);
}

static int count(const char *iface, const char *seconds)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = (int)if_nametoindex(iface)};
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	time_t end = time(NULL) + atoi(seconds);
	unsigned int frames = 0;

	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return told(false);
	while (time(NULL) < end) {
		struct pollfd in = {.fd = fd, .events = POLLIN};
		unsigned char head[20];
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);

		if (poll(&in, 1, 200) > 0 &&
		    recvfrom(fd, head, sizeof(head), 0, (struct sockaddr *)&from, &len) == sizeof(head) &&
		    from.sll_pkttype != PACKET_OUTGOING && head[9] != IPPROTO_ICMP)
			frames++;
	}
	printf("%u\n", frames);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "udp"))
		return send_udp(argv[2], argv[3]);
	if (argc == 6 && !strcmp(argv[1], "talk"))
		return talk_udp(argv[2], argv[3], atoi(argv[4]), argv[5]);
	if (argc == 2 && !strcmp(argv[1], "family"))
		return ask_family();
	if (argc == 4 && !strcmp(argv[1], "count"))
		return count(argv[2], argv[3]);
	return 2;
}
