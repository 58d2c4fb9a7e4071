/*
 * SO_PASSRIGHTS (Linux 6.16), where the C library's headers are older: the
 * same number for all but two processors.
 * Not here: what it is for, see os_refuse_descriptors().
 */
#ifndef PASSRIGHTS_H
#define PASSRIGHTS_H

#include <sys/socket.h>

#ifndef SO_PASSRIGHTS
#if defined(__sparc__) || defined(__hppa__)
#define SO_PASSRIGHTS 0x7fffffff /* none */
#else
#define SO_PASSRIGHTS 83
#endif
#endif

#endif
