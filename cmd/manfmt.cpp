#include "cmd/manfmt.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib9/quote.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr size_t Width = 79;
constexpr size_t Indent = 7;
constexpr size_t Step = 7;

// Text is kept as UTF-8 in which these bytes, which pages do not have, turn fonts on.
constexpr char Roman = '\1';
constexpr char Bold = '\2';
constexpr char Italic = '\3';
constexpr char Hard = '\4';	// a blank that neither breaks nor stretches

// The columns that s takes.
size_t
columns(std::string_view s)
{
	return utflen(s) -
	       size_t(std::ranges::count_if(s, [](char c) { return c >= 1 && c < 4; }));
}

class Formatter {
	const bool terminal;
	std::string out;
	std::string line;	// being filled, without its indent
	size_t indent = Indent;
	size_t base = Indent;	// the indent of the section, deeper behind .RS
	std::string tag;	// that waits for the first line of its paragraph
	bool fill = true;
	bool tagnext = false;	// the next line is the tag of a .TP
	char font = Roman;
	char lastfont = Roman;
	std::string title;

public:
	explicit Formatter(Manstyle s) : terminal(s == Manstyle::Terminal) {}
	std::string page(std::string_view text);

private:
	void input(std::string_view l);
	void request(std::string_view l);
	void heading(std::string_view macro, const std::vector<std::string>& w);
	bool paragraph(std::string_view macro, const std::vector<std::string>& w);
	void text(std::string s);
	void word(std::string_view w);
	void settag(std::string t);
	void brk();
	void blank();
	void emit(size_t in, std::string_view s);
	std::string escapes(std::string_view s);
	std::string styled(std::string_view s) const;
	std::string alternate(std::string_view macro, const std::vector<std::string>& w);
};

char
fontof(char c)
{
	return c == 'B' || c == '3' ? Bold : c == 'I' || c == '2' ? Italic : Roman;
}

// The characters of two letters.
std::string_view
special(std::string_view n)
{
	constexpr std::pair<std::string_view, std::string_view> tab[] = {{"em", "—"},
		{"en", "–"}, {"aq", "'"}, {"bu", "•"}, {"rs", "\\"}, {"lq", "\""},
		{"rq", "\""}, {"dq", "\""}};
	for(auto& [letters, text] : tab)
		if(letters == n)
			return text;
	return {};
}

// The escapes of roff, undone: \- \e \fB \(xx \& \~ and the like.
std::string
Formatter::escapes(std::string_view s)
{
	std::string r;
	for(size_t i = 0; i < s.size(); i++) {
		if(s[i] != '\\' || i + 1 == s.size()) {
			r += s[i];
			continue;
		}
		switch(char c = s[++i]) {
		case 'e': r += '\\'; break;
		case '~':
		case ' ': r += Hard; break;
		case '&':
		case '|':
		case '^':
		case '/':
		case 'c': break;
		case '"': return r;
		case 'f':
			if(i + 1 < s.size()) {
				char f = s[++i] == 'P' ? lastfont : fontof(s[i]);
				lastfont = std::exchange(font, f);
				r += f;
			}
			break;
		case '(': {
			std::string_view n = s.substr(std::min(i + 1, s.size()), 2);
			i += n.size();
			r += special(n);
			break;
		}
		default: r += c;
		}
	}
	return r;
}

// The marks of fonts become escape sequences, or nothing.
std::string
Formatter::styled(std::string_view s) const
{
	std::string r;
	bool on = false;
	for(char c : s) {
		if(c == Hard) {
			r += ' ';
		} else if(c >= Roman && c <= Italic) {
			if(!terminal)
				continue;
			if(on)
				r += "\033[0m";
			on = c != Roman;
			if(on)
				r += c == Bold ? "\033[1m" : "\033[4m";
		} else {
			r += c;
		}
	}
	if(on)
		r += "\033[0m";
	return r;
}

void
Formatter::emit(size_t in, std::string_view s)
{
	std::string t = styled(s);
	if(!t.empty())
		out += std::string(in, ' ') + t;
	out += '\n';
}

// Ends the line that is being filled.
void
Formatter::brk()
{
	if(!tag.empty()) {
		std::string t = std::exchange(tag, {});
		size_t at = indent - Step;
		if(columns(t) < Step && !line.empty()) {
			t += Roman + std::string(Step - columns(t), Hard) + line;
			line.clear();
		}
		emit(at, t);
	}
	if(!line.empty())
		emit(indent, line);
	line.clear();
}

void
Formatter::blank()
{
	brk();
	if(!out.empty() && !out.ends_with("\n\n"))
		out += '\n';
}

// A font lasts over a line's end.
void
Formatter::word(std::string_view w)
{
	size_t used = columns(line);
	if(used > 0 && indent + used + 1 + columns(w) > Width) {
		char f = Roman;
		for(char c : line)
			if(c >= Roman && c <= Italic)
				f = c;
		brk();
		if(f != Roman)
			line = f;
		used = 0;
	}
	if(used > 0)
		line += ' ';
	line += w;
}

void
Formatter::text(std::string s)
{
	if(tagnext) {
		tagnext = false;
		settag(std::move(s));
		return;
	}
	if(!fill) {
		brk();
		emit(indent, s);
		return;
	}
	for(std::string_view w : getfields(s, " \t", Seps::Runs))
		word(w);
}

void
Formatter::settag(std::string t)
{
	tag = std::move(t);
	indent = base + Step;
}

// .BR a b c: fonts by turns, without blanks.
std::string
Formatter::alternate(std::string_view macro, const std::vector<std::string>& w)
{
	std::string r;
	for(size_t i = 0; i < w.size(); i++) {
		char f = fontof(macro[macro.size() > 1 ? i % 2 : 0]);
		if(i > 0 && macro.size() == 1)
			r += ' ';
		font = f;
		std::string t = escapes(w[i]);
		std::ranges::replace(t, ' ', macro.size() > 1 ? Hard : ' ');
		r += f + t;
	}
	font = Roman;
	return r + Roman;
}

// Words of a macro's line, in double quotes where they have blanks.
std::vector<std::string>
words(std::string_view l)
{
	std::vector<std::string> w;
	for(size_t i = 0; i < l.size();) {
		if(l[i] == ' ' || l[i] == '\t') {
			i++;
			continue;
		}
		std::string s;
		if(l[i] == '"') {
			for(i++; i < l.size(); i++) {
				if(l[i] == '"' && (i + 1 == l.size() || l[i + 1] != '"'))
					break;
				i += l[i] == '"';
				s += l[i];
			}
			i++;
		} else {
			for(; i < l.size() && l[i] != ' ' && l[i] != '\t'; i++) {
				if(l[i] == '\\' && i + 1 < l.size())
					s += l[i++];
				s += l[i];
			}
		}
		w.push_back(s);
	}
	return w;
}

void
Formatter::heading(std::string_view macro, const std::vector<std::string>& w)
{
	if(macro == "TH") {
		title = w.size() > 1 ? w[0] + "(" + w[1] + ")" : "";
		size_t pad = Width > 2 * title.size() ? Width - 2 * title.size() : 1;
		emit(0, title + std::string(pad, ' ') + title);
		return;
	}
	std::string s;
	for(const std::string& x : w)
		s += (s.empty() ? "" : " ") + escapes(x);
	blank();
	base = indent = Indent;
	emit(macro == "SH" ? 0 : 3, Bold + s + Roman);
}

// The macros that begin a paragraph; false for others.
bool
Formatter::paragraph(std::string_view macro, const std::vector<std::string>& w)
{
	if(macro == "PP" || macro == "LP" || macro == "P") {
		blank();
		indent = base;
	} else if(macro == "TP") {
		blank();
		indent = base + Step;
		tagnext = true;
	} else if(macro == "IP") {
		blank();
		settag(w.empty() ? "" : escapes(w[0]));
	} else if(macro == "RS") {
		brk();
		base += Step;
		indent = base;
	} else if(macro == "RE") {
		brk();
		base = std::max(base, Indent + Step) - Step;
		indent = base;
	} else {
		return false;
	}
	return true;
}

void
Formatter::request(std::string_view l)
{
	size_t n = std::min(l.find_first_of(" \t"), l.size());
	std::string_view macro = l.substr(0, n);
	auto w = words(l.substr(n));
	if(macro.starts_with("\\\"") || macro.empty())
		return;
	if(macro == "TH" || macro == "SH" || macro == "SS")
		heading(macro, w);
	else if(paragraph(macro, w))
		;
	else if(macro == "B" || macro == "I" || macro == "BR" || macro == "RB" ||
		macro == "BI" || macro == "IB" || macro == "IR" || macro == "RI")
		text(alternate(macro, w));
	else if(macro == "EX" || macro == "nf") {
		brk();
		fill = false;
	} else if(macro == "EE" || macro == "fi") {
		brk();
		fill = true;
	} else if(macro == "br") {
		brk();
	} else if(macro == "sp") {
		blank();
	}
}

void
Formatter::input(std::string_view l)
{
	if(l.starts_with('.') || l.starts_with('\'')) {
		request(l.substr(1));
		return;
	}
	if(l.empty())
		return blank();
	if(l.starts_with(' '))
		brk();
	text(escapes(l));
}

std::string
Formatter::page(std::string_view text)
{
	for(std::string_view l : getfields(text, "\n", Seps::Each))
		if(!l.empty() || !fill)
			input(l);
	brk();
	return std::move(out);
}
}

std::string
manfmt(std::string_view page, Manstyle style)
{
	return Formatter(style).page(page);
}
}
