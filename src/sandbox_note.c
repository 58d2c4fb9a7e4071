/*
 * Lists of words.
 */
#include <string.h>

#include "sandbox_note.h"

void
sandbox_note(char text[SANDBOX_TEXT_SIZE], const char *item)
{
	if (text[0] != '\0')
		strlcat(text, ", ", SANDBOX_TEXT_SIZE);
	strlcat(text, item, SANDBOX_TEXT_SIZE);
}
