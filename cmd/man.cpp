// man(1): pages of the manual, /man/SECTION/NAME.

#include <algorithm>

#include "cmd/cmds.h"
#include "cmd/manfmt.h"
#include "cmd/prog.h"
#include "lib9/quote.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

enum class What { Show, Name, Source };

std::string
lower(std::string_view s)
{
	std::string r;
	while(!s.empty()) {
		char32_t c;
		s.remove_prefix(decode(s, c));
		encode(tolowerrune(c), r);
	}
	return r;
}

std::vector<std::string>
sections()
{
	std::vector<std::string> l;
	for(const Dir& d : dirreadall("/man"))
		if(d.qid.type & QTDIR)
			l.push_back(d.name);
	std::ranges::sort(l, [](const std::string& a, const std::string& b) {
		return a.size() != b.size() ? a.size() < b.size() : a < b;
	});
	return l;
}

// What stands behind .SH NAME: "ls, lc \- list contents of directory".
std::string
nameline(const std::string& page)
{
	constexpr std::string_view heading = "\n.SH NAME\n";
	size_t at = page.find(heading);
	if(at == page.npos)
		return {};
	std::string s;
	for(std::string_view l :
	    getfields(std::string_view(page).substr(at + heading.size()), "\n",
		      Seps::Each)) {
		if(l.empty() || l[0] == '.')
			break;
		s += (s.empty() ? "" : " ") + std::string(l);
	}
	for(size_t i; (i = s.find("\\-")) != s.npos;)
		s.erase(i, 1);
	return s;
}

// One line for each page whose name line holds the word.
void
keyword(const Cmdline& a, const std::string& word)
{
	bool found = false;
	Bout out(1);
	for(const std::string& sec : sections())
		for(const Dir& d : dirreadall("/man/" + sec)) {
			std::string l = nameline(readfile("/man/" + sec + "/" + d.name));
			if(lower(l + " " + d.name).find(lower(word)) == l.npos)
				continue;
			out.put(d.name + "(" + sec + "): " + l + "\n");
			found = true;
		}
	out.flush();
	if(!found) {
		a.warn("no manual page");
		exits("no man");
	}
}

// The page is the file of the name, or one whose name line begins with it among others.
std::vector<std::string>
find(const std::string& name, const std::vector<std::string>& secs)
{
	std::vector<std::string> l;
	std::string file = name == "intro" ? "0intro" : lower(name);
	for(const std::string& sec : secs)
		if(std::string f = "/man/" + sec + "/" + file; trystat(f))
			l.push_back(f);
	if(!l.empty())
		return l;
	for(const std::string& sec : secs)
		for(const Dir& d : dirreadall("/man/" + sec)) {
			std::string f = "/man/" + sec + "/" + d.name;
			std::string names = nameline(readfile(f));
			names.resize(std::min(names.find(" - "), names.size()));
			auto each = getfields(names, ", ", Seps::Runs);
			if(std::ranges::find(each, std::string_view(name)) != each.end())
				l.push_back(f);
		}
	return l;
}

void
show(const std::string& file, What what, Bout& out)
{
	if(what == What::Name) {
		out.put(file + "\n");
		return;
	}
	std::string page = readfile(file);
	Manstyle style = isterminal(1) ? Manstyle::Terminal : Manstyle::Plain;
	out.put(what == What::Source ? page : manfmt(page, style));
}
}

void
man(Argv argv)
{
	Cmdline a(argv, "[-nw] [section ...] name ...\n       man -k word");
	What what = What::Show;
	while(char32_t f = a.flag())
		switch(f) {
		case 'k': return keyword(a, a.earg());
		case 'n': break;
		case 'w': what = What::Name; break;
		case 't': what = What::Source; break;
		default: a.usage();
		}
	auto all = sections();
	std::vector<std::string> secs;
	Argv names = a.rest();
	while(!names.empty() && std::ranges::find(all, names[0]) != all.end()) {
		secs.push_back(names[0]);
		names.erase(names.begin());
	}
	if(names.empty())
		a.usage();
	if(secs.empty())
		secs = all;
	Bout out(1);
	bool found = false;
	for(const std::string& n : names)
		for(const std::string& file : find(n, secs)) {
			show(file, what, out);
			found = true;
		}
	out.flush();
	if(!found) {
		a.warn("no manual page");
		exits("no man");
	}
}
}
