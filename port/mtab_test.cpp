#include "port/mtab.h"

#include <map>

#include "tests/memdev.h"
#include "tests/test.h"

namespace p9 {

namespace {
// A list for the place whose qid.path is n; what is mounted there counts the version.
Ref<const Mountlist>
list(Dev& d, uint64_t n, uint64_t id)
{
	auto l = mk<Mountlist>();
	l->from = devattach(d);
	l->from->qid.path = n;
	l->m.push_back({id, devattach(d), 0, {}});
	return l;
}

uint64_t
idat(const Ref<const Mtab>& t, uint64_t n)
{
	auto l = Mtab::find(t.get(), Mkey(U'm', 0, n));
	return l ? l->m[0].id : 0;
}
}

PTEST(mtab, it_holds_what_a_map_holds)
{
	Memdev& d = freshmem();
	Ref<const Mtab> t;
	std::map<uint64_t, uint64_t> model;
	uint64_t rnd = 1;
	for(uint64_t i = 1; i <= 3000; i++) {
		rnd = rnd * 6364136223846793005 + 1442695040888963407;
		uint64_t n = (rnd >> 33) % 200;
		if(rnd >> 62) {
			t = Mtab::with(t.get(), list(d, n, i));
			model[n] = i;
		} else {
			t = Mtab::without(t.get(), Mkey(U'm', 0, n));
			model.erase(n);
		}
	}
	for(uint64_t n = 0; n < 200; n++)
		EXPECT_EQ(idat(t, n), model.contains(n) ? model[n] : 0);
	std::vector<Mtab::List> all;
	Mtab::all(t.get(), all);
	EXPECT_EQ(all.size(), model.size());
	for(uint64_t n = 0; n < 200; n++)
		t = Mtab::without(t.get(), Mkey(U'm', 0, n));
	EXPECT_FALSE(t);
}

PTEST(mtab, what_was_copied_does_not_change)
{
	Memdev& d = freshmem();
	Ref<const Mtab> t;
	for(uint64_t n = 1; n <= 500; n++)
		t = Mtab::with(t.get(), list(d, n, n));
	Ref<const Mtab> old = t;
	for(uint64_t n = 1; n <= 500; n += 2)
		t = Mtab::without(t.get(), Mkey(U'm', 0, n));
	for(uint64_t n = 2; n <= 500; n += 2)
		t = Mtab::with(t.get(), list(d, n, 1000 + n));
	for(uint64_t n = 1; n <= 500; n++) {
		EXPECT_EQ(idat(old, n), n);
		EXPECT_EQ(idat(t, n), n % 2 ? 0 : 1000 + n);
	}
}

PTEST(mtab, NS_34_devices_and_instances_are_told_apart_and_versions_are_not)
{
	Memdev& d = freshmem();
	auto t = Mtab::with(nullptr, list(d, 7, 1));
	EXPECT_TRUE(Mtab::find(t.get(), Mkey(U'm', 0, 7)));
	EXPECT_FALSE(Mtab::find(t.get(), Mkey(U'm', 1, 7)));
	EXPECT_FALSE(Mtab::find(t.get(), Mkey(U's', 0, 7)));
	auto c = devattach(d);
	c->qid = {7, 99, 0};
	EXPECT_TRUE(Mtab::find(t.get(), Mkey(*c)));
}
}
