// PTEST(suite, title): a test whose body runs in a Proc of a machine booted for it,
// in test mode: one worker, the order of Procs chosen by a seed, virtual time.
// The test fails when nothing can run any more (with what each Proc waits for),
// and when a Chan, a Proc or a Block is left.
// PRACE: the same under many seeds.  PREAL: with two workers and the real clock.

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "lib9/block.h"
#include "port/boot.h"
#include "port/chan.h"
#include "port/sys.h"

namespace p9 {

enum class Testmode { Seeded, Real };

// Boots, runs body, and checks what is left.
void runtest(Testmode mode, uint64_t seed, void (*body)());
// How many seeds a race is tried with.
int raceseeds();

// expression must throw an Error whose text is what.
#define EXPECT_ERROR(expression, what) \
	try { \
		expression; \
		ADD_FAILURE() << #expression " raised no Error, not even " << (what); \
	} catch(const p9::Error& e_) { \
		EXPECT_EQ(e_.text(), (what)); \
	}

#define P9_TEST(suite, title, run) \
	static void ptest_##suite##_##title(); \
	TEST(suite, title) { run(ptest_##suite##_##title); } \
	static void ptest_##suite##_##title()

#define PTEST(suite, title) P9_TEST(suite, title, p9::ptest)
#define PRACE(suite, title) P9_TEST(suite, title, p9::prace)
#define PREAL(suite, title) P9_TEST(suite, title, p9::preal)

void ptest(void (*body)());
void prace(void (*body)());
void preal(void (*body)());
}
