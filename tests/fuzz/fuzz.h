/*
 * What the targets share: libFuzzer's entry points, requirements, pieces of
 * an input, and functions of the system that a target replaces.
 * Not here: main(), which is libFuzzer's or that of replay.c.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* What each target defines: what comes first, and what is done each time. */
void fuzz_prepare(void);
void fuzz_one(struct fuzz_input *);

/* What a driver calls; both return 0. */
int LLVMFuzzerInitialize(const int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort with a line that names what does not hold. */
#define REQUIRE(condition) \
	((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

void fuzz_fail(const char *what, const char *file, int line)
    __attribute__((noreturn));

/*
 * Instead of a function of the system, and that function itself; the linker
 * is told by -Wl,--wrap=NAME, see FUZZ_WRAP in src/sources.mk.
 */
#define FUZZ_INSTEAD_OF(name) __asm__("__wrap_" #name)
#define FUZZ_REAL(name) __asm__("__real_" #name)

/* The next octet; 0 when there is none left. */
uint8_t fuzz_octet(struct fuzz_input *);

/* Fill room with the next n octets, and with 0 when there are fewer. */
void fuzz_octets(struct fuzz_input *, void *room, size_t n);

/*
 * The next string, which ends at a NUL or with the input.  It is malloc(3)ed
 * and not an octet longer, so that reading past its end is noticed.
 */
char *fuzz_string(struct fuzz_input *);

/* As fuzz_string(), or NULL when nothing is left. */
char *fuzz_string_or_null(struct fuzz_input *);

/* Set or, for NULL, unset a variable of the environment. */
void fuzz_setenv(const char *name, const char *value);

/*
 * Whether the text is a decimal number in this range, as strtonum(3) takes
 * it: with white space and a sign before it.
 */
bool fuzz_number(
    const char *text, long long least, long long most, long long *number);

/* Whether there is an octet below ' ', or DEL. */
bool fuzz_has_control(const char *text, size_t n);

/* A directory that is removed at the end, and whoever is in it. */
const char *fuzz_directory(void);

#endif
