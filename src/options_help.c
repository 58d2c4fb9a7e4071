/*
 * What --help and --version show.
 * Not here: parsing, see options.c.
 */
#include "event.h"
#include "options.h"

static const char help[] =
    "usage: simpletcpunixrelay [options] LISTEN TARGET\n"
    "       simpletcpunixrelay [options] TARGET\n"
    "\n"
    "Relay a TCP service as a Unix socket, or a Unix socket as TCP.\n"
    "With TARGET alone, the listening sockets are handed over by systemd or,\n"
    "with --inetd, by inetd.\n"
    "\n"
    "LISTEN and TARGET:\n"
    "  PATH               Unix socket; has a slash, as ./sock\n"
    "  unix:PATH          Unix socket\n"
    "  @NAME              abstract Unix socket (Linux)\n"
    "  HOST:PORT          TCP; as LISTEN, *:PORT is every address; for TARGET\n"
    "                     alone, HOST is port 80\n"
    "  [IPv6]:PORT        TCP\n"
    "\n"
    "options:\n"
    "  -m, --mode MODE             permission bits of the Unix socket, octal\n"
    "                              (0666 less the umask)\n"
    "  -o, --owner USER[:GROUP]    owner of the Unix socket (that of --user)\n"
    "  -u, --user USER[:GROUP]     become this user after set-up\n"
    "      --sandbox WHICH         auto, require or off (auto)\n"
    "  -b, --backlog N             listen backlog (the system's maximum)\n"
    "  -c, --connections-max N     close connections above this number; 0: as\n"
    "                              many as descriptors allow (0; 256 with\n"
    "                              sockets handed over)\n"
    "  -t, --connect-timeout TIME  for all addresses of the target (10s)\n"
    "  -w, --wait TIME             retry a target that refuses or does not\n"
    "                              exist yet (0)\n"
    "  -i, --idle-timeout TIME     end connections on which nothing moves\n"
    "                              (infinity)\n"
    "      --drain-time TIME       how long connections go on after SIGTERM\n"
    "                              (5s)\n"
    "      --exit-idle-time TIME   exit when there was no connection so long\n"
    "                              (infinity)\n"
    "  -j, --workers N             threads that share connections; auto: as\n"
    "                              many as processors (1)\n"
    "      --inetd                 the listening socket is descriptor 0\n"
    "      --proxy-protocol V      tell the target its client: v1 or v2\n"
    "  -d, --daemonize             go on in the background, log to syslog\n"
    "  -p, --pidfile PATH          write the process id there, and lock it\n"
    "  -v, --verbose               log a line for each connection\n"
    "  -q, --quiet                 log errors only\n"
    "  -h, --help                  show this\n"
    "  -V, --version               show the version\n"
    "\n"
    "TIME is a number with ms, s, min, h or d, seconds if none, or infinity.\n"
    "It does not encrypt: over a network, use a VPN or spiped.\n";

void
options_help(FILE *f)
{
	fputs(help, f);
}

int
options_answer(const struct options *o, FILE *f)
{
	if (o->action == OPTIONS_HELP)
		options_help(f);
	else
		fprintf(f, "simpletcpunixrelay %s (%s)\n", VERSION,
		    event_backend_name);
	return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}
