#include "port/path.h"

#include <gtest/gtest.h>

#include "port/chan.h"

namespace p9 {

namespace {
std::string
after(std::string_view from, std::initializer_list<std::string_view> elems)
{
	auto p = mk<Path>(from);
	for(std::string_view e : elems)
		p = p->add(e, {});
	return p->s;
}
}

TEST(path, elements_are_added_with_one_slash)
{
	EXPECT_EQ(after("/", {"a", "b"}), "/a/b");
	EXPECT_EQ(after("#s", {"x"}), "#s/x");
	EXPECT_EQ(after("#/", {"bin"}), "#/bin");
	EXPECT_EQ(after("#|", {"data"}), "#|/data");
}

TEST(path, NS_9_dotdot_takes_the_last_element_and_never_the_root)
{
	EXPECT_EQ(after("/a/b", {".."}), "/a");
	EXPECT_EQ(after("/a", {"..", "..", ".."}), "/");
	EXPECT_EQ(after("#s/x", {".."}), "#s");
	EXPECT_EQ(after("#s", {".."}), "#s");
	EXPECT_EQ(after("#/bin", {".."}), "#/");
	EXPECT_EQ(after("#/", {".."}), "#/");
}

TEST(path, it_has_a_mount_point_place_for_the_root_and_each_element)
{
	EXPECT_EQ(mk<Path>("/")->mtpt.size(), 1u);
	EXPECT_EQ(mk<Path>("/a/b")->mtpt.size(), 3u);
	EXPECT_EQ(mk<Path>("#/")->mtpt.size(), 1u);
	EXPECT_EQ(mk<Path>("#s/x")->mtpt.size(), 2u);
	EXPECT_EQ(mk<Path>("/")->add("x", {})->add("..", {})->add("..", {})->mtpt.size(),
		  1u);
}

TEST(path, adding_leaves_the_one_that_others_share)
{
	auto p = mk<Path>("/a");
	auto q = p->add("b", {});
	auto r = p->add("..", {});
	EXPECT_EQ(p->s, "/a");
	EXPECT_EQ(q->s, "/a/b");
	EXPECT_EQ(r->s, "/");
}
}
