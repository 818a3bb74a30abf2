// Characters to tokens.  A word, once read, changes what may follow it: a ( is a
// subscript's, and what begins a word without a blank between gets a free caret.
// Nothing is read beyond what a token needs, for a prompt hangs on it.

#include <algorithm>
#include <array>
#include <utility>

#include "cmd/rc/syn.h"

namespace p9 {

Lexer::Lexer(Source& src, std::string name, Unit unit) : in(src), file(std::move(name))
{
	if(unit == Unit::Whole) {
		peekc = '{';
		epilog = "}\n";
	}
}

// The input is at its end; what is said about that names its last line.
void
Lexer::setended()
{
	if(!ended)
		endline = lastc == '\n' && line > 1 ? line - 1 : line;
	ended = true;
}

int
Lexer::inputend()
{
	setended();
	if(!echoed.empty())
		in.message(std::exchange(echoed, {}) + '\n');
	if(epilog.empty()) {
		doprompt = true;
		return -1;
	}
	int c = epilog[0];
	epilog.remove_prefix(1);
	return c;
}

int
Lexer::getnext()
{
	if(peekc != -1) {
		doprompt = doprompt || peekc == '\n';
		return std::exchange(peekc, -1);
	}
	if(ended)
		return inputend();
	if(doprompt) {
		doprompt = false;
		in.prompt();
	}
	int c = in.get();
	if(c == '\\' && !inquote) {
		int n = in.get();
		if(n == '\n' && !incomment) {
			doprompt = true;
			line++;
			c = ' ';
		} else
			peekc = n;
	}
	if(c == -1)
		return inputend();
	if(c == '\n')
		doprompt = true;
	if(verbose) {
		echoed += char(c);
		if(c == '\n')
			in.message(std::exchange(echoed, {}));
	}
	return c;
}

int
Lexer::nextc()
{
	if(future == -1)
		future = getnext();
	return future;
}

int
Lexer::advance()
{
	int c = nextc();
	lastc = c;
	future = -1;
	if(c == '\n')
		line++;
	return c;
}

bool
Lexer::nextis(int c)
{
	if(nextc() != c)
		return false;
	advance();
	return true;
}

void
Lexer::skipwhite()
{
	for(;;) {
		int c = nextc();
		if(c == '#') {
			incomment = true;
			while(c != '\n' && c != -1) {
				advance();
				c = nextc();
			}
			incomment = false;
		}
		if(c != ' ' && c != '\t')
			return;
		advance();
	}
}

void
Lexer::skipnl()
{
	for(;;) {
		skipwhite();
		if(nextc() != '\n')
			return;
		advance();
	}
}

void
Lexer::takeraw()
{
	tok += char(advance());
}

Tk
Lexer::dollar()
{
	tok = "$";
	lastdol = true;
	if(nextc() == '#') {
		takeraw();
		return Tk::Count;
	}
	if(nextc() == '"') {
		takeraw();
		return Tk::Join;
	}
	return Tk::Dollar;
}

// A number; false when there is none.
bool
Lexer::digits(int& n)
{
	auto isdigit = [](int c) { return '0' <= c && c <= '9'; };
	if(!isdigit(nextc()))
		return false;
	for(n = 0; isdigit(nextc()); takeraw())
		if(n < 100000)
			n = n * 10 + (nextc() - '0');
	return true;
}

// The [fd], [fd=fd] or [fd=] behind an arrow, whose [ is taken.
Tk
Lexer::brackets(Cmdtree& t, Tk kind)
{
	bool ok = digits(t.fd0);
	if(ok && nextc() == '=') {
		takeraw();
		int left = t.fd0;
		if(digits(t.fd0)) {
			t.fd1 = left;
			if(kind == Tk::Redir)
				t.op = Op::Dup;
		} else if(kind == Tk::Redir) {
			t.fd0 = left;
			t.op = Op::Close;
		} else
			ok = false;
		if(kind == Tk::Redir) {
			t.rtype = Rtype::Read;	// < or >>, it is the same
			kind = Tk::Dup;
		}
	}
	if(ok && nextc() == ']') {
		takeraw();
		return kind;
	}
	if(nextc() != '\n' && nextc() != -1)
		takeraw();
	complain(kind == Tk::Pipe ? "pipe syntax" : "redirection syntax");
	return Tk::Bad;
}

// | < > << >> <> and what stands in brackets behind.
Tk
Lexer::arrow(int c)
{
	tok = char(c);
	tree = mk<Cmdtree>(c == '|' ? Op::Pipe : Op::Redir, line);
	Cmdtree& t = *tree;
	Tk kind = Tk::Redir;
	if(c == '|') {
		kind = Tk::Pipe;
		t.fd0 = 1;
	} else if(c == '>') {
		t.fd0 = 1;
		t.rtype = Rtype::Write;
		if(nextc() == '>') {
			takeraw();
			t.rtype = Rtype::Append;
		}
	} else if(nextc() == '<') {
		takeraw();
		t.rtype = Rtype::Here;
	} else if(nextc() == '>') {
		takeraw();
		t.rtype = Rtype::Rdwr;
	}
	if(nextc() == '[') {
		takeraw();
		kind = brackets(t, kind);
	}
	if(kind == Tk::Pipe)
		skipnl();
	return kind;
}

Tk
Lexer::quotedword()
{
	tree = mk<Cmdtree>(Op::Word, line);
	tree->quoted = true;
	lastword = true;
	for(;;) {
		inquote = true;
		int c = advance();
		if(c == -1) {	// the rest of a script that was cut off is not run
			inquote = false;
			tok = "EOF";
			complain("syntax error");
			return Tk::Bad;
		}
		// The look ahead is outside the quotes, unless it is a quote.
		if(c == '\'') {
			inquote = false;
			if(!nextis('\''))
				break;
		}
		tree->str += char(c);
	}
	inquote = false;
	tok = tree->str;
	return Tk::Word;
}

static Tk
keyword(std::string_view s)
{
	struct Keyword {
		std::string_view name;
		Tk tk;
	};
	static constexpr std::array<Keyword, 10> table = {{
		{"for", Tk::For},
		{"in", Tk::In},
		{"while", Tk::While},
		{"if", Tk::If},
		{"not", Tk::Not},
		{"~", Tk::Twiddle},
		{"!", Tk::Bang},
		{"@", Tk::Subshell},
		{"switch", Tk::Switch},
		{"fn", Tk::Fn},
	}};
	for(const Keyword& k : table)
		if(k.name == s)
			return k.tk;
	return Tk::Word;
}

std::string
quotename(std::string_view s)
{
	auto odd = [](char c) { return !wordchr(static_cast<unsigned char>(c)); };
	if(s.empty() || keyword(s) != Tk::Word || std::ranges::any_of(s, odd))
		return alwaysquote(s);
	return std::string(s);
}

Tk
Lexer::word(int c)
{
	tree = mk<Cmdtree>(Op::Word, line);
	tok.clear();
	for(;;) {
		if(c == '*' || c == '[' || c == '?' || c == GLOB) {
			tree->glob = true;
			tree->str += GLOB;
		}
		tree->str += char(c);
		tok += char(c);
		c = nextc();
		if(lastdol ? !idchr(c) : !wordchr(c))
			break;
		advance();
	}
	lastdol = false;
	Tk kind = keyword(tok);
	lastword = kind == Tk::Word;
	return kind;
}

Tk
Lexer::next()
{
	int d = nextc();
	tree = {};
	tokline = line;
	if(lastword) {
		lastword = false;
		if(d == '(') {
			advance();
			tok = "( [SUB]";
			return Tk::Sub;
		}
		if(wordchr(d) || d == '\'' || d == '`' || d == '$') {
			tok = "^";
			return Tk::Caret;
		}
	}
	skipwhite();
	bool atend = ended;	// what is next is our brace, or nothing
	tokline = atend ? endline : line;
	int c = advance();
	if(c == '$')
		return dollar();
	if(wordchr(c))
		return word(c);
	lastdol = false;
	tok = atend ? "EOF" : std::string(1, char(c));
	switch(c) {
	case '&':
	case '|':
		if(nextc() == c) {
			takeraw();
			skipnl();
			return c == '&' ? Tk::Andand : Tk::Oror;
		}
		return c == '&' ? Tk::Amp : arrow(c);
	case '<':
	case '>':
		return arrow(c);
	case '\'':
		return quotedword();
	case '\n': return Tk::Newline;
	case ';': return Tk::Semi;
	case '^': return Tk::Caret;
	case '=': return Tk::Eq;
	case '`': return Tk::Backq;
	case '{': return Tk::Lbrace;
	case '}': return Tk::Rbrace;
	case '(': return Tk::Lparen;
	case ')': return Tk::Rparen;
	case -1: return Tk::Eof;
	}
	complain("syntax error");
	return Tk::Bad;
}

std::string
Lexer::heredoc(std::string_view tag)
{
	std::string body, ln;
	for(;;) {
		int c = getraw();
		if(c != -1 && c != '\n') {
			ln += char(c);
			continue;
		}
		if(c == '\n')
			line++;
		if(ln == tag)
			break;
		if(c == -1 && ln.empty())
			break;
		body += std::exchange(ln, {}) + '\n';
		if(c == -1)
			break;
		doprompt = true;
	}
	doprompt = true;
	return body;
}

// A character of a here document: as it comes, but the braces that are put around the
// input are not part of it.
int
Lexer::getraw()
{
	if(future != -1)
		return std::exchange(future, -1);
	if(peekc != -1)
		return std::exchange(peekc, -1);
	if(ended)
		return -1;
	if(doprompt) {
		doprompt = false;
		in.prompt();
	}
	int c = in.get();
	if(c == -1)
		setended();
	return c;
}

void
Lexer::complain(std::string_view why, int at)
{
	std::string m = file + ':' + std::to_string(at ? at : tokline) + ": ";
	if(!at && !tok.empty() && tok != "\n")
		m += "token " + quoteword(tok) + ": ";
	m += why;
	in.message(m + '\n');
	lastword = lastdol = false;
	while(lastc != '\n' && lastc != -1)
		advance();
}

void
Lexer::reset()
{
	future = peekc = -1;
	lastc = 0;
	lastword = lastdol = inquote = incomment = iflast = false;
	ended = false;
	doprompt = true;
}
}
