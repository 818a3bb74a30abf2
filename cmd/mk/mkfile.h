// What a mkfile says: its variables, its rules, and how they are read.  Nothing here
// knows the kernel; what the reader needs of one is a Mkhost.  mk(1).
//
// Text is bytes: all that is special is ASCII, so what is not UTF-8 passes unharmed.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib9/regexp.h"

namespace p9 {

using Wordlist = std::vector<std::string>;

// The Error of who has said why already: mk ends with it as its status.
inline constexpr std::string_view Emkstop = "error";

// The words with blanks between, each quoted as rc wants it.
std::string quotewords(std::span<const std::string> w);

// Whether c may stand in the name of a variable.
bool iswordchar(char c);
// How many bytes of s are one.
size_t namelength(std::string_view s);

// Variables.
class Mkvars {
	struct Var {
		Wordlist value;
		bool defined = false;
		bool ours = false;	// set by a mkfile or an argument, so it is shown
		bool noexport = false;
		bool fixed = false;	// set by an argument: mkfiles do not change it
	};
	std::map<std::string, Var, std::less<>> vars;
	std::map<std::string, Wordlist, std::less<>> inner;	// those of a recipe

public:
	Mkvars();

	// The value; empty when there is none.
	const Wordlist& get(std::string_view name) const;
	void set(std::string_view name, Wordlist value)
	{
		at(name).value = std::move(value);
	}
	// An assignment.  By: who says so.
	enum class By { Mkfile, Argument };
	void assign(std::string_view name, Wordlist value, By by);
	void noexport(std::string_view name) { vars[std::string(name)].noexport = true; }

	// $target, $prereq and the like, which only a recipe sees.
	bool isinner(std::string_view name) const { return inner.contains(name); }
	void setinner(std::string_view name, Wordlist value);
	void clearinner();

	// What a recipe is shown with; nothing for names that it leaves as they are.
	const Wordlist* shown(std::string_view name) const;

	// Calls f(name, value) for all that a recipe's environment has, sorted.
	template<class F>
	void exported(F f) const
	{
		for(auto& [name, w] : inner)
			f(name, w);
		for(auto& [name, v] : vars)
			if(v.defined && !v.noexport && !isinner(name))
				f(name, v.value);
	}
	template<class F>
	void all(F f) const
	{
		for(auto& [name, v] : vars)
			if(v.defined)
				f(name, v.value);
	}

private:
	Var& at(std::string_view name);
};

// A rule's attributes.
enum Attr : unsigned {
	Ameta = 1,	// a target has % or &, or is a regular expression
	Aregexp = 2,
	Adelete = 4,
	Anoerror = 8,	// E: rc without -e
	Anorecipe = 16,	// N
	Anovirtual = 32,	// n
	Aquiet = 64,
	Aupdate = 128,	// U
	Avirtual = 256,
};

// One target of a rule as it is written, and all the rest of it.
struct Rule {
	std::string target;
	Wordlist tail;	// the prerequisites, with their % in them
	std::shared_ptr<const std::string> recipe;	// shared by the rule's targets
	std::shared_ptr<const Wordlist> alltargets;
	std::string prog;	// P
	std::string file;
	int line = 0;
	unsigned attr = 0;
	size_t number = 0;
	mutable std::optional<Regexp> pattern;	// matching changes it

	bool is(unsigned a) const { return attr & a; }
	bool noeffect() const { return recipe->empty() && tail.empty(); }
	std::string where() const { return file + ":" + std::to_string(line); }
};

// What is said of a target line.
struct Rulehead {
	Wordlist targets;
	Wordlist tail;
	unsigned attr = 0;
	std::string prog;
	std::string file;
	int line = 0;
};

class Rules {
	std::deque<Rule> rules;
	std::unordered_map<std::string, std::vector<Rule*>> bytarget;
	std::vector<Rule*> metas;

	Rule* same(const Rule& r);
	void add(Rule r);

public:
	Wordlist first;	// the targets of the first rule that is no metarule

	// Error: a regular expression's.
	void add(const Rulehead& h, std::string recipe);

	size_t size() const { return rules.size(); }
	// The rules of that very target, in the order in which they count.
	std::span<Rule* const> of(const std::string& target) const;
	std::span<Rule* const> metarules() const { return metas; }
	template<class F>
	void all(F f) const
	{
		for(const Rule& r : rules)
			f(r);
	}
};

// The stem when name matches a pattern with % or &.
std::optional<std::string> matchstem(std::string_view name, std::string_view pattern);
// pattern with stem for each % and &.
std::string substem(std::string_view stem, std::string_view pattern);

// A recipe as it is shown: variables that mk has set are expanded.
std::string showrecipe(std::string_view recipe, const Mkvars& vars);
// The start and the end of that, for a message.
std::string recipefront(std::string_view shown);

// What the reader of a mkfile asks of the world.
class Mkhost {
public:
	virtual ~Mkhost() = default;

	// The text of a file, or an Error.
	virtual std::string read(const std::string& name) = 0;
	// Runs rc, with the variables as they are, and answers what it printed.
	struct Output {
		std::string text;
		bool ok = false;
	};
	virtual Output command(const std::string& text) = 0;
	virtual void message(std::string_view text) = 0;
};

// Makes words of text: quotes, variables, substitutions.
class Expander {
	const Mkvars& vars;
	Mkhost& host;
	int depth = 0;

	struct Pattern;

public:
	// Where it is, for messages.
	std::string file;
	int line = 0;

	Expander(const Mkvars& v, Mkhost& h) : vars(v), host(h) {}

	Wordlist words(std::string_view s);
	// Where the first byte of set stands that is not in quotes or ${}, or npos.
	size_t find(std::string_view s, std::string_view set);

	// mk: file:line: syntax error; what
	void complain(std::string_view what);
	[[noreturn]] void fail(std::string_view what);

private:
	bool word(std::string_view& s, Wordlist& out);
	std::string quote(std::string_view& s, std::string_view whole);
	Wordlist variable(std::string_view& s);
	Wordlist braced(std::string_view& s);
	std::string_view name(std::string_view& s);
	std::string_view part(std::string_view& s, std::string_view ends);
	Wordlist substitute(const Wordlist& v, std::string_view how);
};

// Reads mkfiles into variables and rules.  A fault ends in Emkstop, after a message.
class Mkparser {
	struct Input {
		std::string name;
		std::string text;
		size_t at = 0;
		int line = 1;

		int get();
		int peek() const;
	};
	enum class Newline { Elide, Blank };	// what becomes of an escaped one
	struct Head {
		char sep = 0;	// : = < or | for <|
		Rulehead rule;	// of an assignment: the variable and its value
		bool noexport = false;
	};

	Mkvars& vars;
	Rules& rules;
	Mkhost& host;
	Expander words;
	std::vector<Input> inputs;	// the last includes nobody
	int start = 0;	// the line that a logical line begins on

public:
	Mkparser(Mkvars& v, Rules& r, Mkhost& h) : vars(v), rules(r), host(h), words(v, h)
	{
	}

	// A mkfile that must be there.
	void parse(const std::string& name);
	// An argument name=value.
	void argument(const std::string& text);

private:
	void enter(const std::string& name, std::string text);
	void run();
	void statement(std::string& line);
	bool logicalline(std::string& buf);
	int next(Newline how);
	void quoted(std::string& buf);
	bool comment();
	void backquote(std::string& buf);
	std::string recipe();
	Head head(std::string_view line);
	std::string_view assignattr(std::string_view p, Head& h);
	std::string_view ruleattr(std::string_view p, Head& h);
	void assign(Head& h, Mkvars::By by);
	void include(const Wordlist& name);
	void includeoutput(const Wordlist& cmd);
	void addrule(Rulehead& h);
};
}
