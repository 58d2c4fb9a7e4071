/*
 * Tests of os.h: what the system says of itself.
 * Not here: closing two descriptors (event_close_test.c), owners of files
 * (socket_file_bind_test.c).
 */
#include <atf-c.h>
#include <stdbool.h>
#include <stdio.h>

#include "os.h"

#define PORTS 65536

/* Those that may be picked, from first to last, and whether there is a gap. */
static bool
find_range(unsigned *first, unsigned *last)
{
	unsigned n, port;

	*first = PORTS;
	*last = n = 0;
	for (port = 0; port < PORTS; port++) {
		if (!os_may_pick_port(port))
			continue;
		if (n++ == 0)
			*first = port;
		*last = port;
	}
	return n > 0 && n == *last - *first + 1;
}

ATF_TC_WITHOUT_HEAD(port_range);
ATF_TC_BODY(port_range, tc)
{
	unsigned first, last, max, min;
	FILE *f;

	ATF_CHECK(find_range(&first, &last));
	ATF_CHECK_EQ(0, first);
	ATF_CHECK_EQ(PORTS - 1, last);
	os_read_port_range();
	ATF_CHECK(find_range(&first, &last));
	f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	if (f == NULL)
		atf_tc_skip("the range does not stand in a file here");
	ATF_REQUIRE_EQ(2, fscanf(f, "%u %u", &min, &max));
	fclose(f);
	ATF_CHECK_EQ(min, first);
	ATF_CHECK_EQ(max, last);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, port_range);
	return atf_no_error();
}
