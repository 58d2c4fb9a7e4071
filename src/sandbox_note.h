/*
 * The lists of what a sandbox enforces and what it lacks.
 * Not here: what that is.
 */
#ifndef SANDBOX_NOTE_H
#define SANDBOX_NOTE_H

#include "sandbox.h"

/* Append to enforced or missing, with a comma between two. */
void sandbox_note(char text[SANDBOX_TEXT_SIZE], const char *item);

#endif
