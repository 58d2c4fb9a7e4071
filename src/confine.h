/*
 * Giving up root and entering the sandbox, and telling about it.
 * Not here: how, see privdrop.h and sandbox.h.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "options.h"
#include "privdrop.h"
#include "sandbox.h"

/*
 * Become the user and enter the sandbox that the options ask for.  Returns
 * EX_OK, or a code of sysexits(3) after a line in the log; then the process
 * must serve nobody.
 */
int confine(const struct options *, const struct sandbox_needs *,
    const struct privdrop *, struct sandbox *);

/* As sandbox_seal(), if confine() has entered one; returns as confine(). */
int confine_seal(const struct options *, struct sandbox *);

#endif
