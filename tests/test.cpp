// How PTEST, PRACE and PREAL run a body, and what they check when it has ended.

#include "tests/test.h"

#include "dev/mntcache.h"
#include "port/os.h"
#include "port/proc.h"

namespace p9 {

void
runtest(Testmode mode, uint64_t seed, void (*body)())
{
	SCOPED_TRACE("seed " + std::to_string(seed));
	Bootcfg cfg;
	cfg.test = mode == Testmode::Seeded;
	cfg.seed = seed;
	cfg.workers = 2;
	cfg.deadlock = [](const std::string& who) {
		ADD_FAILURE() << "nothing can run:\n" << who;
	};
	Bootend end = boot(cfg, [body] {
		try {
			body();
		} catch(const Error& e) {
			ADD_FAILURE() << "the test's Proc ended by Error: " << e.text();
		}
	});
	EXPECT_EQ(end.status, "");
	EXPECT_EQ(end.stuck, "");
	EXPECT_EQ(procs().size(), 0u) << hangreport();
	EXPECT_EQ(Chan::live(), 0);
	EXPECT_EQ(Block::live(), 0);
	EXPECT_EQ(Mntcache::live(), 0u);
}

int
raceseeds()
{
	if(const char* s = std::getenv("EMU_SEEDS"))
		return std::atoi(s);
	return 1000;
}

void
ptest(void (*body)())
{
	const char* s = std::getenv("EMU_SEED");
	runtest(Testmode::Seeded, s ? std::strtoull(s, nullptr, 10) : 1, body);
}

void
prace(void (*body)())
{
	if(std::getenv("EMU_SEED"))
		return ptest(body);
	for(int i = 1; i <= raceseeds() && !testing::Test::HasFailure(); i++)
		runtest(Testmode::Seeded, uint64_t(i), body);
}

void
preal(void (*body)())
{
	runtest(Testmode::Real, 0, body);
}
}

int
main(int argc, char** argv)
{
	testing::InitGoogleTest(&argc, argv);
	return RUN_ALL_TESTS();
}
