/*
 * What a test and a relay with faults share: the file that FAULTS names, which
 * both have mapped, so that a relay behind its walls needs no call to look.
 * Not here: which calls can fail (wrapped), what a test makes of it.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdatomic.h>

#define FAULTS_FOREVER (~0U)

/* What happens instead of the call, or to it. */
enum faults_kind {
	FAULTS_FAIL,  /* it is not made */
	FAULTS_AFTER, /* it is made, and an error returned */
	FAULTS_SHORT, /* it moves one octet, or fails now and then with EINTR */
};

struct faults {
	atomic_bool armed; /* set last, and cleared first */
	char name[32];     /* of the call */
	int kind;
	int error;
	unsigned from;     /* the first call that fails, from 1 */
	unsigned times;    /* how many do */
	atomic_uint calls; /* of that name, since it was armed */
	atomic_uint hits;  /* calls that failed */
	atomic_uint all;   /* calls of any name */
};

#endif
