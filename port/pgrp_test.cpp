#include "port/pgrp.h"

#include "port/dev.h"
#include "port/proc.h"
#include "tests/memdev.h"
#include "tests/test.h"

namespace p9 {

PTEST(pgrp, NS_51_a_name_space_is_copied_or_cleared_and_the_mask_stays)
{
	bind("#e", "/n", MREPL);
	up().pgrp->devdrop(U"s");
	Ref<Pgrp> copy = up().pgrp->copy();
	Ref<Pgrp> cleared = up().pgrp->cleared();
	EXPECT_EQ(nslines(*copy).size(), 1u);
	EXPECT_EQ(nslines(*cleared).size(), 0u);
	EXPECT_FALSE(copy->devallowed(U's'));
	EXPECT_FALSE(cleared->devallowed(U's'));
	EXPECT_TRUE(cleared->devallowed(U'e'));
	Ref<Chan> slash = up().slash;
	rfork(RFCNAMEG);
	EXPECT_EQ(up().slash, slash);
	EXPECT_EQ(stat("/n").name, "n");
}

PTEST(pgrp, NS_52_the_mask_only_grows)
{
	Ref<Pgrp> p = mk<Pgrp>();
	p->devkeep(U"|decp");
	EXPECT_TRUE(p->devallowed(U'|'));
	EXPECT_FALSE(p->devallowed(U's'));
	p->devkeep(U"s|");
	EXPECT_FALSE(p->devallowed(U's'));
	EXPECT_TRUE(p->devallowed(U'|'));
	EXPECT_FALSE(p->devallowed(U'e'));
	EXPECT_FALSE(p->devallowed(U'\u03bb'));
}

PTEST(pgrp, NS_53_devices_are_kept_or_dropped_by_their_letters)
{
	Ref<Pgrp> p = mk<Pgrp>();
	p->devdrop(U"e\u03bb");
	EXPECT_FALSE(p->devallowed(U'e'));
	EXPECT_TRUE(p->devallowed(U's'));
	p->devkeep(U"");
	for(Dev* d : devtab())
		EXPECT_FALSE(p->devallowed(d->dc));
}

PTEST(pgrp, NS_54_the_mask_has_64_bits_of_its_own)
{
	Ref<Pgrp> p = mk<Pgrp>();
	p->devdrop(U"/");
	EXPECT_EQ(p->devmask >> 31, ~uint64_t{0} >> 31);
}

PTEST(pgrp, NS_55_a_copied_table_keeps_close_on_exec)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	Fd keep = open("/f", OREAD), lose = open("/f", OREAD | OCEXEC);
	Ref<Fgrp> copy = up().fgrp->copy();
	copy->closeexec();
	EXPECT_TRUE(copy->get(keep));
	EXPECT_ERROR(copy->get(lose), Ebadfd);
	EXPECT_EQ(fd2path(lose), "/f");
}

PTEST(pgrp, NS_56_a_copied_environment_goes_its_own_way)
{
	bind("#e", "/env", MREPL | MCREATE);
	putenv("x", "1");
	Ref<Egrp> copy = up().egrp->copy();
	putenv("x", "2");
	std::scoped_lock l(copy->lk);
	EXPECT_EQ(copy->vars.at("x").value, "1");
}

PTEST(pgrp, the_lowest_free_descriptor_is_taken)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	Fd a = open("/f", OREAD), b = open("/f", OREAD), c = open("/f", OREAD);
	EXPECT_EQ(a, 0);
	EXPECT_EQ(c, 2);
	close(std::move(b));
	EXPECT_EQ(dup(a), 1);
	EXPECT_EQ(open("/f", OREAD), 1);
	EXPECT_ERROR(close(1), Ebadfd);
}

PTEST(pgrp, a_dup_reaches_20_beyond_the_table)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	Fd a = open("/f", OREAD);
	EXPECT_ERROR(dup(a, 40), Ebadfd);
	EXPECT_ERROR(dup(a, -2), Ebadfd);
	Fd b = dup(a, 39);
	EXPECT_EQ(b, 39);
	EXPECT_EQ(dup(a, 59), 59);
	EXPECT_ERROR(dup(70), Ebadfd);
}

PTEST(pgrp, the_table_ends_at_5000)
{
	Memdev& m = memworld();
	m.mkfile("/f");
	Fd a = open("/f", OREAD);
	std::vector<Fd> all;
	while(all.size() < 4999)
		all.push_back(dup(a));
	EXPECT_ERROR(dup(a), Enofd);
	EXPECT_ERROR(pipe(), Enofd);
	close(std::move(all.back()));
	EXPECT_ERROR(pipe(), Enofd);
	EXPECT_EQ(dup(a), 4999);
}
}
