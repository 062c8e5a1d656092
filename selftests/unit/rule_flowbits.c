// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_flowbits.c - what rules remember about flows and addresses.
 */
#include "rules.h"

#define UDP "alert udp any any -> any any "

static void set_before_isset(void)
{
	struct rules_world world;

	/* The reader has the smaller sid and comes first in the file; it is judged last all the same. */
	if (!rules_open(&world, UDP "(content:\"a\"; flowbits:isset,x; sid:1;)\n" UDP
				    "(content:\"a\"; flowbits:set,x; flowbits:noalert; sid:2;)\n"))
		return;
	CHECK_EQ(rules_datagram(&world, "a", 1), 1);
	CHECK_EQ(world.sids[0], 1);
	rules_close(&world);
}

static void actions(void)
{
	struct rules_world world;

	if (!rules_open(&world, UDP "(content:\"set\"; flowbits:set,x; noalert; sid:1;)\n" UDP
				    "(content:\"off\"; flowbits:unset,x; noalert; sid:2;)\n" UDP
				    "(content:\"tog\"; flowbits:toggle,x; noalert; sid:3;)\n" UDP
				    "(content:\"ask\"; flowbits:isset,x; sid:4;)\n" UDP
				    "(content:\"not\"; flowbits:isnotset,x; sid:5;)\n" UDP
				    "(content:\"any\"; flowbits:isset,y|x; sid:6;)\n"))
		return;
	CHECK_EQ(world.refused_count, 0);
	CHECK_EQ(rules_datagram(&world, "ask", 3), 0);
	CHECK_EQ(rules_datagram(&world, "not", 3), 1);
	CHECK_EQ(rules_datagram(&world, "set", 3), 0);
	CHECK_EQ(rules_datagram(&world, "ask", 3), 1);
	CHECK_EQ(rules_datagram(&world, "any", 3), 1);
	CHECK_EQ(rules_datagram(&world, "not", 3), 0);
	CHECK_EQ(rules_datagram(&world, "off", 3), 0);
	CHECK_EQ(rules_datagram(&world, "ask", 3), 0);
	CHECK_EQ(rules_datagram(&world, "tog", 3), 0);
	CHECK_EQ(rules_datagram(&world, "ask", 3), 1);
	/* Another flow knows nothing of it. */
	detect_flow_free(world.flow.detect);
	world.flow.detect = NULL;
	CHECK_EQ(rules_datagram(&world, "ask", 3), 0);
	rules_close(&world);
}

static void integers(void)
{
	struct rules_world world;

	if (!rules_open(&world, UDP "(content:\"a\"; flowint:n,+,1; noalert; sid:1;)\n" UDP
				    "(content:\"a\"; flowint:n,>=,3; sid:2;)\n" UDP
				    "(content:\"b\"; flowint:n,isnotset; sid:3;)\n"))
		return;
	CHECK_EQ(world.refused_count, 0);
	CHECK_EQ(rules_datagram(&world, "b", 1), 1);
	CHECK_EQ(rules_datagram(&world, "a", 1), 0);
	CHECK_EQ(rules_datagram(&world, "b", 1), 0);
	CHECK_EQ(rules_datagram(&world, "a", 1), 0);
	CHECK_EQ(rules_datagram(&world, "a", 1), 1);
	rules_close(&world);
}

static void address_bits(void)
{
	struct rules_world world;

	if (!rules_open(&world,
			UDP "(content:\"set\"; xbits:set,x,track ip_src,expire 10; noalert; sid:1;)\n" UDP
			    "(content:\"ask\"; xbits:isset,x,track ip_src; sid:2;)\n"))
		return;
	CHECK_EQ(world.refused_count, 0);
	CHECK_EQ(rules_datagram(&world, "ask", 3), 0);
	rules_datagram(&world, "set", 3);
	detect_flow_free(world.flow.detect); /* it is not the flow that remembers */
	world.flow.detect = NULL;
	CHECK_EQ(rules_datagram(&world, "ask", 3), 1);
	world.now_us += 11000000;
	CHECK_EQ(rules_datagram(&world, "ask", 3), 0);
	world.now_us -= 5000000;
	world.flow.client = rules_address(77);
	CHECK_EQ(rules_datagram(&world, "ask", 3), 0);
	rules_close(&world);
}

static void refused(void)
{
	CHECK_EQ(rules_try("flowbits:set;", "a", 1), -1);
	CHECK_EQ(rules_try("flowbits:put,x;", "a", 1), -1);
	CHECK_EQ(rules_try("flowbits:set,x|y;", "a", 1), -1);
	CHECK_EQ(rules_try("flowbits:set,a b;", "a", 1), -1);
	CHECK_EQ(rules_try("flowint:n,%,1;", "a", 1), -1);
	CHECK_EQ(rules_try("flowint:n,+,1m;", "a", 1), -1);
	CHECK_EQ(rules_try("flowint:n,+,m;", "a", 1), 0);
	CHECK_EQ(rules_try("flowint:n,+;", "a", 1), -1);
	CHECK_EQ(rules_try("xbits:set,x;", "a", 1), -1);
	CHECK_EQ(rules_try("xbits:set,x,track sideways;", "a", 1), -1);
}

/* The value may be that of another counter; one that was never set matches nothing. */
static void flowint_named(void)
{
	struct rules_world world;

	if (!rules_open(&world, UDP "(content:\"a\"; flowint:n,+,1; noalert; sid:1;)\n" UDP
				    "(content:\"b\"; flowint:limit,=,2; noalert; sid:2;)\n" UDP
				    "(content:\"a\"; flowint:n,>,limit; sid:3;)\n"))
		return;
	CHECK_EQ(rules_datagram(&world, "a", 1), 0);
	CHECK_EQ(rules_datagram(&world, "b", 1), 0);
	CHECK_EQ(rules_datagram(&world, "a", 1), 0);
	CHECK_EQ(rules_datagram(&world, "a", 1), 1);
	rules_close(&world);
}

static const struct ktap_test tests[] = {TEST(flowint_named), TEST(set_before_isset), TEST(actions),
					 TEST(integers),      TEST(address_bits),     TEST(refused)};
KTAP_MAIN(tests)
