#include "cmd/rc/complete.h"

#include <algorithm>
#include <array>

#include "cmd/rc/shell.h"
#include "cmd/rc/word.h"
#include "lib9/error.h"
#include "lib9/utf.h"
#include "port/sys.h"

namespace p9 {

namespace {

// Goes through the line as the lexer would, but knows only what kind of word comes next.
class Linescan {
	std::string_view s;
	size_t i = 0;

	enum Next { Cmd, Args, Dirs, Fnnames, Forname };
	Next next = Cmd;
	enum Wait { Nothing, Condition, List } paren = Nothing; // what a ( will open
	bool redir = false; // the next word is a file
	bool heretag = false;
	bool value = false; // the next word is an assignment's
	bool first = false; // the last word could be assigned to
	struct Bracket {
		Next after;  // what comes when it is closed
		bool inword; // it is part of a word, which may go on
	};
	std::vector<Bracket> outer; // those that are open
	size_t joined = std::string_view::npos; // where a word goes on behind one
	bool lost = false; // the line is in the middle of a [fd]

	// The word that was read last.
	Tabtarget w;
	std::string plain;  // as text, when it has neither quotes nor variables
	bool odd = false;   // it is more than text
	bool invar = false; // it ends in the name of a variable

public:
	explicit Linescan(std::string_view line) : s(line) {}
	Tabtarget scan();

private:
	char at(size_t n) const { return n < s.size() ? s[n] : '\0'; }
	void newword();
	void word();
	void quotes();
	void variable();
	void put(char c, bool inquote);
	void text(std::string_view t);
	Next after() const { return value || redir ? next : next == Cmd ? Args : next; }
	void took();
	void command();
	bool operation(char c);
	void arrow(char c);
	void brackets();
	void open(char c);
	void close();
	Tabtarget verdict();
};

void
Linescan::newword()
{
	w = {};
	w.start = i;
	plain.clear();
	invar = false;
	odd = i == joined; // what stands before it is not known
}

void
Linescan::text(std::string_view t)
{
	if(w.dir.empty() || w.dir.back().var)
		w.dir.push_back({false, {}});
	w.dir.back().s += t;
}

void
Linescan::put(char c, bool inquote)
{
	if(c != '/') {
		w.elem += c;
		return;
	}
	text(w.elem + '/');
	w.elem.clear();
	w.start = i + 1;
	w.inquote = inquote;
	w.quoted = false;
	if(!w.dir.empty() && w.dir.back().s.find_first_of("*?[") != std::string::npos)
		odd = odd || !inquote;
}

void
Linescan::quotes()
{
	w.quoted = true;
	for(i++; i < s.size(); i++) {
		if(s[i] == '\'' && at(i + 1) == '\'')
			i++;
		else if(s[i] == '\'')
			break;
		put(s[i], true);
	}
	i = std::min(i + 1, s.size());
}

// $x; of $"x and $#x only the name can be completed.
void
Linescan::variable()
{
	bool simple = true;
	i++;
	if(at(i) == '#' || at(i) == '"') {
		simple = false;
		i++;
	}
	size_t from = i;
	while(i < s.size() && idchr(static_cast<unsigned char>(s[i])))
		i++;
	std::string name(s.substr(from, i - from));
	if(i == s.size()) {
		invar = true;
		w.start = from;
		w.elem = name;
		w.inquote = w.quoted = false;
		w.dir.clear();
		return;
	}
	odd = odd || !simple || name.empty() || !w.elem.empty() || at(i) != '/';
	w.dir.push_back({true, name});
}

void
Linescan::word()
{
	newword();
	for(;;) {
		char c = at(i);
		if(c == '\'') {
			quotes();
		} else if(c == '$') {
			variable();
		} else if(c == '^' || wordchr(static_cast<unsigned char>(c))) {
			if(c != '^')
				put(c, false);
			plain += c;
			i++;
			continue;
		} else {
			break;
		}
		plain += '\'';	// so that it is no keyword
	}
}

// The first word of a command.
void
Linescan::command()
{
	static constexpr std::array<std::string_view, 8> before = {
		"!", "@", "not", "exec", "builtin", "time", "whatis", "eval"};
	paren = Nothing;
	next = Args;
	if(plain == "if" || plain == "while") {
		paren = Condition;
		next = Cmd;
	} else if(plain == "for") {
		paren = List;
	} else if(plain == "fn") {
		next = Fnnames;
	} else if(plain == "cd") {
		next = Dirs;
	} else if(std::ranges::find(before, plain) != before.end()) {
		next = Cmd;
	}
}

// A word has ended.
void
Linescan::took()
{
	bool was = next == Cmd && !redir && !value;
	if(was)
		command();
	first = was;
	if(!redir && value)
		value = false;
	redir = heretag = false;
}

void
Linescan::brackets()
{
	if(at(i) != '[')
		return;
	size_t end = s.find(']', i);
	lost = end == s.npos;
	i = lost ? s.size() : end + 1;
}

void
Linescan::arrow(char c)
{
	heretag = c == '<' && at(i) == '<';
	if(at(i) == '<' || at(i) == '>')
		i++;
	bool isdup = at(i) == '[' && s.substr(i, s.find(']', i) - i).find('=') != s.npos;
	brackets();
	redir = !isdup && at(i) != '{';
}

void
Linescan::open(char c)
{
	if(c == '(' && paren != Nothing) {
		outer.push_back({Cmd, false});
		next = paren == Condition ? Cmd : Forname;
	} else {
		outer.push_back({c == '{' && next == Fnnames ? Args : after(), true});
		next = c == '(' ? Args : Cmd;
	}
	paren = Nothing;
	redir = value = false;
}

void
Linescan::close()
{
	Bracket b{Args, true};
	if(!outer.empty()) {
		b = outer.back();
		outer.pop_back();
	}
	next = b.after;
	if(b.inword)
		joined = i + 1;
	redir = value = false;
}

// What is no word; true when it has taken it.
bool
Linescan::operation(char c)
{
	switch(c) {
	case ' ':
	case '\t':
	case '`':
		break;
	case ';':
	case '&':
	case '|':
		next = Cmd;
		redir = value = false;
		i++;
		if(c == '|')
			brackets();
		return true;
	case '<':
	case '>':
		i++;
		arrow(c);
		return true;
	case '=':
		value = true;
		if(first)
			next = Cmd;
		break;
	case '(':
	case '{':
		open(c);
		break;
	case ')':
	case '}':
		close();
		break;
	default:
		return false;
	}
	i++;
	return true;
}

Tabtarget
Linescan::verdict()
{
	if(invar)
		w.kind = Tabtarget::Variable;
	else if(odd || heretag || lost)
		w.kind = Tabtarget::None;
	else if(redir || value)
		w.kind = Tabtarget::File;
	else if(next == Cmd)
		w.kind = Tabtarget::Command;
	else if(next == Fnnames)
		w.kind = Tabtarget::Function;
	else if(next == Dirs)
		w.kind = Tabtarget::Dir;
	else
		w.kind = next == Args ? Tabtarget::File : Tabtarget::None;
	return std::move(w);
}

Tabtarget
Linescan::scan()
{
	while(i < s.size()) {
		char c = s[i];
		if(c == '#')
			return {};
		if(operation(c))
			continue;
		word();
		if(i == s.size())
			return verdict();
		took();
		if(next == Forname && at(i) == ' ')
			next = Args;
	}
	newword();
	return verdict();
}

std::string
doubled(std::string_view s)
{
	std::string q;
	for(char c : s) {
		if(c == '\'')
			q += c;
		q += c;
	}
	return q;
}

std::string_view
prefix(std::string_view a, std::string_view b)
{
	auto [end, other] = std::ranges::mismatch(a, b);
	return utfcut(a, size_t(end - a.begin()));
}
}

Tabtarget
tabtarget(std::string_view line)
{
	return Linescan(line).scan();
}

Completion
tabfill(const Tabtarget& t, std::string_view line, std::vector<Tabchoice> found)
{
	std::ranges::sort(found, {}, [](const Tabchoice& c) {
		return std::pair(std::string_view(c.name), c.dir);
	});
	auto same = [](const Tabchoice& a, const Tabchoice& b) { return a.name == b.name; };
	found.erase(std::unique(found.begin(), found.end(), same), found.end());
	if(found.empty())
		return {};
	std::string_view sure = found[0].name;
	for(const Tabchoice& c : found)
		sure = prefix(sure, c.name);
	bool one = found.size() == 1;
	bool quote = t.inquote || t.quoted || (!sure.empty() && quoteword(sure) != sure);
	Completion c;
	c.drop = line.size() - t.start;
	if(quote && !t.inquote)
		c.text = '\'';
	c.text += quote ? doubled(sure) : std::string(sure);
	if(one && quote)
		c.text += '\'';
	if(one && t.kind != Tabtarget::Variable)
		c.text += found[0].dir ? '/' : ' ';
	for(const Tabchoice& f : found)
		c.choices.push_back(f.dir ? f.name + '/' : f.name);
	return c;
}

namespace {

// The names of dir that begin with elem.  Who has typed nothing does not mean those with a
// dot.  A directory that cannot be read has none, but an interrupt ends everything.
std::vector<Dir>
entries(std::string_view dir, std::string_view elem)
{
	std::vector<Dir> all;
	try {
		all = dirreadall(dir.empty() ? "." : dir);
	} catch(const Error& e) {
		if(e.is(Eintr))
			throw;
	}
	std::erase_if(all, [elem](const Dir& d) {
		return !d.name.starts_with(elem) || (elem.empty() && d.name[0] == '.');
	});
	return all;
}

// The directory that the parts name; nothing when a variable is no single word.
std::optional<std::string>
tabdir(const Tabtarget& t)
{
	std::string s;
	for(const Tabtarget::Part& p : t.dir) {
		if(!p.var) {
			s += p.s;
			continue;
		}
		Words w;
		split(getenv(p.s).value_or(""), "", w);
		if(w.size() != 1)
			return {};
		s += w[0];
	}
	return s;
}

using Choices = std::vector<Tabchoice>;

void
addfiles(Choices& found, std::string_view dir, std::string_view elem, Tabtarget::Kind kind)
{
	for(const Dir& d : entries(dir, elem)) {
		bool isdir = d.mode & DMDIR;
		if(kind == Tabtarget::File || isdir ||
			(kind == Tabtarget::Command && d.mode & 0111))
			found.push_back({d.name, isdir});
	}
}

// Of /env: what is behind head in names that begin with it.
void
addenv(Choices& found, std::string_view head, std::string_view elem)
{
	for(const Dir& d : entries("/env", std::string(head) + std::string(elem))) {
		std::string name = d.name.substr(head.size());
		if(std::ranges::all_of(name, [](unsigned char c) { return wordchr(c); }))
			found.push_back({name, false});
	}
}

void
addcommands(Choices& found, std::string_view dir, std::string_view elem)
{
	if(searched(std::string(dir) + std::string(elem)) || (dir.empty() && elem.empty())) {
		Words path;
		split(getenv("path").value_or(""), "", path);
		for(const std::string& p : path)
			addfiles(found, makepath(p, dir), elem, Tabtarget::Command);
	} else {
		addfiles(found, dir, elem, Tabtarget::Command);
	}
	if(!dir.empty())
		return;
	addenv(found, "fn#", elem);
	std::vector<std::string_view> own = Shell::builtinnames();
	own.insert(own.end(), {"for", "while", "if", "switch", "fn"});
	for(std::string_view name : own)
		if(name.size() > 1 && name.starts_with(elem))
			found.push_back({std::string(name), false});
}
}

Completion
tabcomplete(std::string_view line)
{
	Tabtarget t = tabtarget(line);
	Choices found;
	std::optional<std::string> dir = tabdir(t);
	if(!dir)
		return {};
	switch(t.kind) {
	case Tabtarget::None:
		break;
	case Tabtarget::Command:
		addcommands(found, *dir, t.elem);
		break;
	case Tabtarget::Function:
		addenv(found, "fn#", t.elem);
		break;
	case Tabtarget::Variable:
		addenv(found, "", t.elem);
		std::erase_if(found, [](const Tabchoice& c) {
			return !std::ranges::all_of(c.name,
				[](unsigned char b) { return idchr(b); });
		});
		break;
	case Tabtarget::File:
	case Tabtarget::Dir:
		addfiles(found, *dir, t.elem, t.kind);
		break;
	}
	return tabfill(t, line, std::move(found));
}
}
