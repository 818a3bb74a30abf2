// Tokens to trees, by recursive descent.  Binary operators bind, loosest first:
//
//	1	&& ||
//	3	|
//
// The body of if, for, while and `if not' takes in all that follows it; ! @ and
// what stands before a command (redirections, assignments) take in its pipes.

#include <algorithm>
#include <cassert>

#include "cmd/rc/syn.h"
#include "lib9/error.h"

namespace p9 {

namespace {

// Bounds on what can be typed, for all that recurses on a tree.
enum { Maxnest = 200, Maxdepth = 600 };

class Parser {
	Lexer& lex;
	bool have = false;	// tk is the next token
	Tk tk = Tk::Eof;
	int nest = 0;
	std::vector<Treeref> heres;	// here documents whose text comes after the line

	// One level of what the grammar nests.
	struct Level {
		Parser& p;
		explicit Level(Parser& ps) : p(ps)
		{
			if(++p.nest > Maxnest)
				p.fail("nested too deeply");
		}
		~Level() { p.nest--; }
	};

public:
	std::string why;	// what failed, "" if nothing has

	explicit Parser(Lexer& l) : lex(l) {}
	bool line(Treeref& t);	// false at the end of the input

private:
	[[noreturn]] void fail(std::string_view msg, int at = 0);
	Tk peek();
	void take() { have = false; }
	void need(Tk t);
	void skipnl();
	Treeref make(Op op, std::initializer_list<Treeref> kid);
	void attach(Cmdtree& t, Treeref kid);
	void readheres();

	Treeref body(Tk end);
	Treeref brace();
	Treeref paren();
	Treeref cmd(int min);
	Treeref prefix();
	Treeref prefixed();
	Treeref ifcmd();
	Treeref forcmd();
	Treeref whilecmd();
	Treeref switchcmd();
	Treeref fncmd();
	Treeref simple();
	Treeref simplefrom(Treeref first);
	Treeref redir(Treeref r);
	Treeref wrap(std::vector<Treeref>& redirs, Treeref t);

	bool startsword();
	bool atpipefd();
	Treeref words();
	Treeref word();
	Treeref wordfrom(Treeref left);
	Treeref atom();
	Treeref comword();
	Treeref variable(Op op);
	Treeref backquote();
	Treeref pipefd(Treeref r);

	void check(const Treeref& t);
	void checkswitch(const Cmdtree& t);
};

void
Parser::fail(std::string_view msg, int at)
{
	why = msg;
	if(!have || tk != Tk::Bad)	// the lexer has complained of a bad one
		lex.complain(msg, at);
	error("syntax error");
}

Tk
Parser::peek()
{
	if(!have) {
		tk = lex.next();
		have = true;
		if(tk == Tk::Bad)
			fail("syntax error");
	}
	return tk;
}

void
Parser::need(Tk t)
{
	if(peek() != t)
		fail("syntax error");
	take();
}

// Where a newline may stand before a command.  A token that is read already is not
// looked at again.
void
Parser::skipnl()
{
	if(!have)
		lex.skipnl();
}

void
Parser::attach(Cmdtree& t, Treeref kid)
{
	t.add(std::move(kid));
	if(t.depth > Maxdepth)
		fail("nested too deeply");
}

// The line is that of the first kid there is.
Treeref
Parser::make(Op op, std::initializer_list<Treeref> kid)
{
	auto first = std::ranges::find_if(kid, [](const Treeref& k) { return bool(k); });
	Treeref t = mk<Cmdtree>(op, first != kid.end() ? (*first)->line : lex.line);
	for(const Treeref& k : kid)
		attach(*t, k);
	return t;
}

void
Parser::readheres()
{
	for(Treeref& h : heres)
		h->str = lex.heredoc(deglob(h->kid[0]->str));
	heres.clear();
}

static Treeref
sequence(std::vector<Treeref> cmds)
{
	std::erase(cmds, Treeref());
	if(cmds.empty())
		return {};
	if(cmds.size() == 1)
		return cmds[0];
	Treeref t = mk<Cmdtree>(Op::Seq, cmds[0]->line);
	for(Treeref& c : cmds)
		t->add(std::move(c));
	return t;
}

bool
Parser::line(Treeref& t)
{
	if(peek() == Tk::Eof)
		return false;
	std::vector<Treeref> cmds;
	for(;;) {
		Treeref c = cmd(0);
		Tk sep = peek();
		cmds.push_back(sep == Tk::Amp ? make(Op::Async, {c}) : c);
		if(sep == Tk::Newline || sep == Tk::Eof)
			break;
		if(sep != Tk::Semi && sep != Tk::Amp)
			fail("syntax error");
		take();
	}
	take();
	readheres();
	t = sequence(std::move(cmds));
	check(t);
	return true;
}

// Commands up to the closing token, which is taken.
Treeref
Parser::body(Tk end)
{
	Level l(*this);
	std::vector<Treeref> cmds;
	for(;;) {
		Treeref c = cmd(0);
		Tk sep = peek();
		cmds.push_back(sep == Tk::Amp ? make(Op::Async, {c}) : c);
		if(sep != Tk::Semi && sep != Tk::Amp && sep != Tk::Newline)
			break;
		take();
		if(sep == Tk::Newline)
			readheres();
	}
	need(end);
	return sequence(std::move(cmds));
}

Treeref
Parser::brace()
{
	need(Tk::Lbrace);
	int at = lex.line;
	Treeref b = make(Op::Brace, {body(Tk::Rbrace)});
	b->line = at;
	return b;
}

Treeref
Parser::paren()
{
	need(Tk::Lparen);
	return make(Op::Pcmd, {body(Tk::Rparen)});
}

// A command whose operators all bind tighter than min.
Treeref
Parser::cmd(int min)
{
	Level l(*this);
	Treeref left = prefix();
	for(;;) {
		Tk op = peek();
		if((op == Tk::Andand || op == Tk::Oror) && min <= 1) {
			take();
			Treeref right = cmd(2);
			left = make(op == Tk::Andand ? Op::And : Op::Or, {left, right});
		} else if(op == Tk::Pipe && min <= 3) {
			Treeref t = lex.tree;
			take();
			attach(*t, left);
			attach(*t, cmd(4));
			left = t;
		} else
			return left;
	}
}

// A command without infix operators.
Treeref
Parser::prefix()
{
	peek();
	int at = lex.line;
	Treeref t = prefixed();
	if(t && t->op >= Op::Bang)
		t->line = at;	// of the keyword
	return t;
}

Treeref
Parser::prefixed()
{
	Tk op = peek();
	switch(op) {
	case Tk::Lbrace: {
		Treeref b = brace();
		std::vector<Treeref> redirs;
		while(peek() == Tk::Redir || peek() == Tk::Dup) {
			Treeref r = lex.tree;
			take();
			redirs.push_back(redir(r));
		}
		return wrap(redirs, b);
	}
	case Tk::If: return ifcmd();
	case Tk::For: return forcmd();
	case Tk::While: return whilecmd();
	case Tk::Switch: return switchcmd();
	case Tk::Fn: return fncmd();
	case Tk::Twiddle: {
		take();
		Treeref subject = word();
		return make(Op::Match, {subject, words()});
	}
	case Tk::Bang:
	case Tk::Subshell:
		take();
		return make(op == Tk::Bang ? Op::Bang : Op::Subshell, {cmd(3)});
	case Tk::Dup:
	case Tk::Redir: {
		Treeref r = lex.tree;
		take();
		if(op == Tk::Redir && peek() == Tk::Lbrace)
			return simplefrom(pipefd(r));
		r = redir(r);
		attach(*r, cmd(3));
		return r;
	}
	case Tk::Word:
	case Tk::Dollar:
	case Tk::Count:
	case Tk::Join:
	case Tk::Backq:
	case Tk::Lparen:
		return simplefrom(comword());
	default:
		return {};
	}
}

Treeref
Parser::ifcmd()
{
	take();
	if(peek() == Tk::Not) {
		take();
		skipnl();
		return make(Op::Ifnot, {cmd(0)});
	}
	Treeref cond = paren();
	skipnl();
	return make(Op::If, {cond, cmd(0)});
}

Treeref
Parser::forcmd()
{
	take();
	need(Tk::Lparen);
	Treeref name = word(), list;
	if(peek() == Tk::In) {
		take();
		list = words();
	}
	need(Tk::Rparen);
	skipnl();
	return make(Op::For, {name, list, cmd(0)});
}

Treeref
Parser::whilecmd()
{
	take();
	Treeref cond = paren();
	skipnl();
	return make(Op::While, {cond, cmd(0)});
}

Treeref
Parser::switchcmd()
{
	take();
	Treeref subject = word();
	skipnl();
	return make(Op::Switch, {subject, brace()});
}

Treeref
Parser::fncmd()
{
	take();
	Treeref names = words();
	return make(Op::Fn, {names, peek() == Tk::Lbrace ? brace() : Treeref()});
}

// The redirection r with its file, without its command.
Treeref
Parser::redir(Treeref r)
{
	if(r->op != Op::Redir) {
		attach(*r, {});
		return r;
	}
	attach(*r, word());
	if(r->rtype == Rtype::Here) {
		const Cmdtree& tag = *r->kid[0];
		if(tag.op != Op::Word || tag.str.find('\n') != tag.str.npos)
			fail("Bad here tag");
		heres.push_back(r);
	}
	return r;
}

// Puts the redirections around t: the first is outermost, so that it is done first.
Treeref
Parser::wrap(std::vector<Treeref>& redirs, Treeref t)
{
	for(; !redirs.empty(); redirs.pop_back()) {
		attach(*redirs.back(), t);
		t = redirs.back();
	}
	return t;
}

// A simple command or an assignment whose first word begins with first.
Treeref
Parser::simplefrom(Treeref first)
{
	while(peek() == Tk::Caret) {
		take();
		first = make(Op::Conc, {first, atom()});
	}
	if(peek() == Tk::Eq) {
		take();
		Treeref val = word();
		return make(Op::Assign, {first, val, cmd(3)});
	}
	Treeref t = make(Op::Simple, {first});
	std::vector<Treeref> redirs;
	for(;;) {
		Tk k = peek();
		if(k == Tk::Redir || k == Tk::Dup) {
			Treeref r = lex.tree;
			take();
			if(k == Tk::Dup || peek() != Tk::Lbrace)
				redirs.push_back(redir(r));
			else
				attach(*t, wordfrom(pipefd(r)));
		} else if(startsword())
			attach(*t, word());
		else
			return wrap(redirs, t);
	}
}

static bool
iskeyword(Tk k)
{
	return Tk::For <= k && k <= Tk::Fn;
}

// Whether the next token begins a word; a redirection with a brace behind also does,
// but only the caller can look that far.
bool
Parser::startsword()
{
	switch(peek()) {
	case Tk::Word:
	case Tk::Dollar:
	case Tk::Count:
	case Tk::Join:
	case Tk::Backq:
	case Tk::Lparen:
		return true;
	default:
		return iskeyword(tk);
	}
}

Treeref
Parser::words()
{
	Treeref t = mk<Cmdtree>(Op::Group, lex.line);
	while(startsword() || peek() == Tk::Redir)
		attach(*t, word());
	if(!t->kid.empty())
		t->line = t->kid[0]->line;
	return t;
}

Treeref
Parser::word()
{
	return wordfrom(atom());
}

Treeref
Parser::wordfrom(Treeref left)
{
	while(peek() == Tk::Caret) {
		take();
		left = make(Op::Conc, {left, atom()});
	}
	return left;
}

// A word without carets.  A keyword is a word like others here.
Treeref
Parser::atom()
{
	Level l(*this);
	if(!iskeyword(peek()))
		return comword();
	take();
	lex.lastword = true;
	return lex.tree;
}

Treeref
Parser::comword()
{
	Tk k = peek();
	switch(k) {
	case Tk::Word:
		take();
		return lex.tree;
	case Tk::Dollar: return variable(Op::Dollar);
	case Tk::Count: return variable(Op::Count);
	case Tk::Join: return variable(Op::Join);
	case Tk::Backq: return backquote();
	case Tk::Lparen: {
		take();
		Treeref w = words();
		need(Tk::Rparen);
		w->op = Op::Paren;
		return w;
	}
	case Tk::Redir: {
		Treeref r = lex.tree;
		take();
		return pipefd(r);
	}
	default:
		fail("syntax error");
	}
}

Treeref
Parser::variable(Op op)
{
	take();
	Treeref name = atom();
	if(op != Op::Dollar || peek() != Tk::Sub)
		return make(op, {name});
	take();
	Treeref subs = words();
	need(Tk::Rparen);
	return make(Op::Sub, {name, subs});
}

Treeref
Parser::backquote()
{
	take();
	Treeref seps;
	if(peek() != Tk::Lbrace)
		seps = word();
	Treeref body = brace();
	return make(Op::Backq, {seps, body});
}

Treeref
Parser::pipefd(Treeref r)
{
	if(peek() != Tk::Lbrace || r->rtype == Rtype::Here || r->rtype == Rtype::Append)
		fail("syntax error");
	r->op = Op::Pipefd;
	attach(*r, brace());
	return r;
}

// What the grammar cannot say: `if not' follows an if, a switch begins with a case.
void
Parser::check(const Treeref& t)
{
	if(!t)
		return;
	if(t->op != Op::Ifnot && t->op != Op::Seq) {
		lex.iflast = false;
	} else if(t->op == Op::Ifnot && !lex.iflast)
		fail("`if not' does not follow `if(...)'", t->line);
	if(t->op == Op::Switch)
		checkswitch(*t);
	for(const Treeref& k : t->kid)
		check(k);
	if(t->op == Op::Ifnot)
		lex.iflast = t->kid[0] && t->kid[0]->op == Op::If;
	else if(t->op != Op::Seq)
		lex.iflast = t->op == Op::If;
}

void
Parser::checkswitch(const Cmdtree& t)
{
	const Treeref& b = t.kid[1]->kid[0];
	if(!b || b->op != Op::Seq || !iscase(b->kid[0]))
		fail("case missing in switch", t.line);
}
}

Parsed
parse(Lexer& lex)
{
	Parser p(lex);
	try {
		Treeref t;
		if(!p.line(t))
			return {Parsed::End, {}, {}};
		return {Parsed::Command, t, {}};
	} catch(const Error&) {
		if(p.why.empty())
			throw;
		return {Parsed::Bad, {}, p.why};
	}
}
}
