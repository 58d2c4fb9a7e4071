/*
 * A world whose choices are the input of libFuzzer.
 * Not here: worlds by seeds, see run.c.
 */
#include <stdlib.h>

#include "sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	sim_on_failure = abort;
	sim_choice_input(bytes, length);
	sim_world_run();
	return 0;
}
