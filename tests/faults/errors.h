/*
 * The names of errors.
 * Not here: what they mean, see errno(3).
 */
#ifndef ERRORS_H
#define ERRORS_H

#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static inline int
errors_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} list[] = {
		{ "EACCES", EACCES },
		{ "EADDRINUSE", EADDRINUSE },
		{ "EADDRNOTAVAIL", EADDRNOTAVAIL },
		{ "EAFNOSUPPORT", EAFNOSUPPORT },
		{ "EAGAIN", EAGAIN },
		{ "EBADF", EBADF },
		{ "ECONNABORTED", ECONNABORTED },
		{ "ECONNREFUSED", ECONNREFUSED },
		{ "ECONNRESET", ECONNRESET },
		{ "EHOSTUNREACH", EHOSTUNREACH },
		{ "EINPROGRESS", EINPROGRESS },
		{ "EINTR", EINTR },
		{ "EINVAL", EINVAL },
		{ "EIO", EIO },
		{ "EMFILE", EMFILE },
		{ "ENETDOWN", ENETDOWN },
		{ "ENETUNREACH", ENETUNREACH },
		{ "ENFILE", ENFILE },
		{ "ENOBUFS", ENOBUFS },
		{ "ENOENT", ENOENT },
		{ "ENOMEM", ENOMEM },
		{ "ENOSPC", ENOSPC },
		{ "ENOSYS", ENOSYS },
		{ "ENOTCONN", ENOTCONN },
		{ "EOPNOTSUPP", EOPNOTSUPP },
		{ "EPERM", EPERM },
		{ "EPIPE", EPIPE },
		{ "EPROTO", EPROTO },
		{ "ETIMEDOUT", ETIMEDOUT },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strcmp(list[i].name, name) == 0)
			return list[i].number;
	errx(2, "%s: unknown error", name);
}

#endif
