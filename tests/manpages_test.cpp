// Every program has a page of the manual that names it, and pages end where they
// say.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lib9/quote.h"
#include "port/cmdtab.h"

namespace p9 {

namespace {

// The text behind a heading, to the next request.
std::string
textbehind(std::string_view page, std::string_view heading)
{
	std::string h = "\n" + std::string(heading) + "\n";
	size_t i = page.find(h);
	if(i == page.npos)
		return {};
	page.remove_prefix(i + h.size());
	std::string s(page.substr(0, page.find("\n.")));
	std::ranges::replace(s, '\n', ' ');
	return s;
}

// The names in "ls, lc \- list contents of directory".
std::vector<std::string>
namesin(std::string_view page)
{
	std::string l = textbehind(page, ".SH NAME");
	auto f = getfields(std::string_view(l).substr(0, l.find(" \\-")), ", ",
			   Seps::Runs);
	return {f.begin(), f.end()};
}
}

TEST(manual, every_program_is_named_by_a_page)
{
	std::set<std::string> named;
	for(const Rootfile& f : rootfiles())
		for(const std::string& n : namesin(f.text))
			named.insert(n);
	for(const Program& p : cmdtab()) {
		std::string last(p.name.substr(p.name.rfind('/') + 1));
		EXPECT_TRUE(named.contains(last)) << p.name << " has no page";
	}
}

TEST(manual, every_page_says_what_it_is_and_where_its_source_lies)
{
	for(const Rootfile& f : rootfiles()) {
		if(!f.path.starts_with("/man/"))
			continue;
		EXPECT_TRUE(f.text.starts_with(".TH ")) << f.path;
		EXPECT_NE(textbehind(f.text, ".SH NAME").find(" \\- "),
			  std::string_view::npos)
			<< f.path;
		if(!f.path.ends_with("0intro")) {
			EXPECT_NE(textbehind(f.text, ".SH SOURCE"), "") << f.path;
		}
	}
}

TEST(manual, programs_are_listed_once)
{
	std::set<std::string_view> seen;
	for(const Program& p : cmdtab())
		EXPECT_TRUE(seen.insert(p.name).second) << p.name;
}
}
