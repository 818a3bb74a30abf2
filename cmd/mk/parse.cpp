// Mkfiles, line by line: assignments, rules with their recipes, includes.

#include <algorithm>

#include "cmd/mk/mkfile.h"
#include "lib9/error.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Maxincludes = 50;	// files that include each other

constexpr std::pair<char, unsigned> attrs[] = {
	{'D', Adelete},
	{'E', Anoerror},
	{'N', Anorecipe},
	{'n', Anovirtual},
	{'Q', Aquiet},
	{'R', Aregexp},
	{'U', Aupdate},
	{'V', Avirtual},
};

// The character at the start of s.
std::string
character(std::string_view s)
{
	char32_t r;
	return std::string(s.substr(0, decode(s, r)));
}

std::string
joined(const Wordlist& w)
{
	std::string s;
	for(const std::string& one : w) {
		if(!s.empty())
			s += ' ';
		s += one;
	}
	return s;
}
}

int
Mkparser::Input::peek() const
{
	return at < text.size() ? static_cast<unsigned char>(text[at]) : -1;
}

int
Mkparser::Input::get()
{
	int c = peek();
	if(c >= 0)
		at++;
	if(c == '\n')
		line++;
	return c;
}

// The next byte, escaped newlines apart.
int
Mkparser::next(Newline how)
{
	Input& in = inputs.back();
	for(;;) {
		int c = in.get();
		if(c != '\\' || in.peek() != '\n')
			return c;
		in.get();
		if(how == Newline::Blank)
			return ' ';
	}
}

// The rest of a text in quotes, with the last of them.
void
Mkparser::quoted(std::string& buf)
{
	int line = inputs.back().line;
	for(;;) {
		int c = next(Newline::Blank);
		if(c < 0)
			break;
		buf += char(c);
		if(c != '\'')
			continue;
		if(inputs.back().peek() != '\'')
			return;
		buf += char(inputs.back().get());
	}
	words.line = line;
	words.fail("missing closing '");
}

// The rest of a comment, with its newline.  False when the line goes on behind it.
bool
Mkparser::comment()
{
	int last = '#';
	for(;;) {
		int c = inputs.back().get();
		if(c < 0)
			return true;
		if(c == '\n')
			return last != '\\';
		if(c != '\r')
			last = c;
	}
}

// The output of the command behind a `.
void
Mkparser::backquote(std::string& buf)
{
	Input& in = inputs.back();
	int line = in.line;
	int c = in.get();
	auto blanks = [&c, &in] {
		while(c == ' ' || c == '\t')
			c = in.get();
	};
	blanks();
	char term = '`';
	if(c == '{') {
		term = '}';
		c = in.get();
		blanks();
	}
	std::string cmd;
	int depth = 1;
	for(; c >= 0 && c != '\n'; c = next(Newline::Blank)) {
		if(c == '{' && term == '}')
			depth++;
		if(c == term && --depth == 0) {
			words.line = line;
			std::string out = host.command(cmd + "\n").text;
			if(out.ends_with('\n'))
				out.pop_back();
			buf += out;
			return;
		}
		cmd += char(c);
		if(c == '\'')
			quoted(cmd);
	}
	words.line = line;
	words.fail(std::string("missing closing ") + term + " after `");
}

// The next line that is not empty, without comments and escaped newlines.  False at the
// end of the file.
bool
Mkparser::logicalline(std::string& buf)
{
	buf.clear();
	start = inputs.back().line;
	for(;;) {
		int c = next(Newline::Elide);
		switch(c) {
		case -1:
			return !buf.empty();
		case '\r':
			continue;
		case '`':
			backquote(buf);
			continue;
		default:
			buf += char(c);
			if(c == '\'')
				quoted(buf);
			continue;
		case '#':
			if(!comment())
				continue;
			[[fallthrough]];
		case '\n':
			if(!buf.empty())
				return true;
			start = inputs.back().line;
			continue;
		}
	}
}

// The indented lines that follow, each without its first byte.
std::string
Mkparser::recipe()
{
	Input& in = inputs.back();
	std::string s;
	for(;;) {
		int c = in.peek();
		if(c != '#' && c != ' ' && c != '\t')
			return s;
		in.get();
		if(c == '#')
			s += '#';
		size_t end = in.text.find('\n', in.at);
		end = end == in.text.npos ? in.text.size() : end + 1;
		in.line += in.text[end - 1] == '\n';
		s += std::string_view(in.text).substr(in.at, end - in.at);
		in.at = end;
	}
}

// NAME=ATTR=...: only U is one.
std::string_view
Mkparser::assignattr(std::string_view p, Head& h)
{
	size_t end = words.find(p, "= \t");
	if(end == p.npos || p[end] != '=')
		return p;
	for(size_t i = 0; i < end; i++)
		if(p[i] != 'U')
			words.fail("unknown attribute '" + character(p.substr(i)) + "'");
	h.noexport = end > 0;
	return p.substr(end + 1);
}

// TARGET:ATTR: ...
std::string_view
Mkparser::ruleattr(std::string_view p, Head& h)
{
	while(!p.empty() && p[0] != ':') {
		auto a =
			std::ranges::find(attrs, p[0], &std::pair<char, unsigned>::first);
		if(a != std::end(attrs)) {
			h.rule.attr |= a->second;
			p.remove_prefix(1);
			continue;
		}
		if(p[0] != 'P')
			words.fail("unknown attribute '" + character(p) + "'");
		size_t end = std::min(p.find(':'), p.size());
		h.rule.prog = p.substr(1, end - 1);
		p.remove_prefix(end);
	}
	if(p.empty())
		words.fail("missing trailing :");
	return p.substr(1);
}

Mkparser::Head
Mkparser::head(std::string_view line)
{
	Head h;
	size_t i = words.find(line, ":=<");
	if(i == line.npos)
		words.fail("expected one of :<=");
	h.sep = line[i];
	std::string_view p = line.substr(i + 1);
	if(h.sep == '<' && p.starts_with('|')) {
		h.sep = '|';
		p.remove_prefix(1);
	}
	if(h.sep == '=')
		p = assignattr(p, h);
	if(h.sep == ':' && !p.empty() && p[0] != ' ' && p[0] != '\t')
		p = ruleattr(p, h);
	Rulehead& r = h.rule;
	r.targets = words.words(line.substr(0, i));
	bool empty = r.targets.empty() || r.targets[0].empty();
	if(empty && (h.sep == ':' || h.sep == '='))
		words.fail("no var on left side of assignment/rule");
	r.tail = words.words(p);
	r.file = words.file;
	r.line = words.line;
	return h;
}

void
Mkparser::assign(Head& h, Mkvars::By by)
{
	Rulehead& r = h.rule;
	if(r.targets.size() > 1)
		words.fail("multiple vars on left side of assignment");
	vars.assign(r.targets[0], std::move(r.tail), by);
	if(h.noexport)
		vars.noexport(r.targets[0]);
}

void
Mkparser::addrule(Rulehead& h)
{
	std::string body = recipe();
	try {
		rules.add(h, std::move(body));
	} catch(const Error& e) {
		host.message("mk: " + h.file + ":" + std::to_string(h.line) +
			     ": regular expression error; " + e.reason() + "\n");
		error(Emkstop);
	}
}

void
Mkparser::include(const Wordlist& name)
{
	std::string file = joined(name);
	if(file.empty())
		words.fail("missing include file name");
	std::string text;
	try {
		text = host.read(file);
	} catch(const Error& e) {
		host.message("warning: skipping missing include file: " + file + ": " +
			     e.reason() + "\n");
		return;
	}
	enter(file, std::move(text));
}

void
Mkparser::includeoutput(const Wordlist& cmd)
{
	std::string text = quotewords(cmd);
	if(text.empty())
		words.fail("missing include program name");
	Mkhost::Output out = host.command(text);
	if(!out.ok) {
		host.message("mk: " + words.file + ":" + std::to_string(words.line) +
			     ": bad include program status\n");
		error(Emkstop);
	}
	enter(text, std::move(out.text));
}

void
Mkparser::enter(const std::string& name, std::string text)
{
	if(inputs.size() >= Maxincludes) {
		bool loop = std::ranges::any_of(
			inputs, [&name](const Input& in) { return in.name == name; });
		words.fail((loop ? "include loop: " : "includes nested too deep: ") +
			   name);
	}
	if(text.find('\0') != text.npos) {
		host.message("mk: " + name + ": not a mkfile: it has NUL bytes\n");
		error(Emkstop);
	}
	Input in;
	in.name = name;
	in.text = std::move(text);
	inputs.push_back(std::move(in));
}

void
Mkparser::statement(std::string& line)
{
	words.file = inputs.back().name;
	words.line = start;
	Head h = head(line);
	switch(h.sep) {
	case '<':
		return include(h.rule.tail);
	case '|':
		return includeoutput(h.rule.tail);
	case ':':
		return addrule(h.rule);
	case '=':
		return assign(h, Mkvars::By::Mkfile);
	}
}

void
Mkparser::run()
{
	std::string line;
	while(!inputs.empty()) {
		words.file = inputs.back().name;
		if(logicalline(line))
			statement(line);
		else
			inputs.pop_back();
	}
}

void
Mkparser::parse(const std::string& name)
{
	std::string text;
	try {
		text = host.read(name);
	} catch(const Error& e) {
		host.message("mk: " + name + ": " + e.reason() + "\n");
		error(Emkstop);
	}
	enter(name, std::move(text));
	run();
}

void
Mkparser::argument(const std::string& text)
{
	words.file = "command line args";
	words.line = 0;
	Head h = head(text);
	if(h.sep == '=')
		assign(h, Mkvars::By::Argument);
}
}
