// Trees: how they grow, and how they are printed for whatis and /env/fn#x.

#include <algorithm>
#include <utility>

#include "cmd/rc/syn.h"

namespace p9 {

// Pattern words make patterns of what they stand in, up to the command that will look
// for the files; the value of a variable or of `{} is never a pattern.
void
Cmdtree::add(Treeref t)
{
	if(t) {
		depth = std::max(depth, t->depth + 1);
		if(op == Op::Conc || op == Op::Paren || op == Op::Group ||
		   op == Op::Simple)
			glob = glob || t->glob;
	}
	kid.push_back(std::move(t));
}

bool
iscase(const Treeref& t)
{
	if(!t || t->op != Op::Simple)
		return false;
	const Cmdtree& w = *t->kid[0];
	return w.op == Op::Word && !w.quoted && w.str == "case";
}

namespace {

class Printer {
	size_t ntab = 0;
	std::string heres;	// the here documents of this line

	size_t open = std::string::npos;	// where a command may follow below
	std::string s;

public:
	std::string print(const Treeref& t);

private:
	void tree(const Treeref& t);
	void apart(const Treeref& t);
	void kids(const Cmdtree& t, std::string_view between);
	void sequence(const Cmdtree& t);
	void word(const Cmdtree& t);
	void cmd(const Cmdtree& t);
	void head(const Cmdtree& t);
	void arrow(const Cmdtree& t);
	void redir(const Cmdtree& t);
	void loop(const Cmdtree& t);
	void newline();
};

bool
isredir(const Cmdtree& t)
{
	return t.op == Op::Redir || t.op == Op::Dup || t.op == Op::Close;
}

// The line where the command began, whatever stands in front in the tree.
int
firstline(const Cmdtree& t)
{
	if(isredir(t) && t.kid[1])
		return std::min(t.line, firstline(*t.kid[1]));
	bool infix = t.op == Op::And || t.op == Op::Or || t.op == Op::Pipe || t.op == Op::Async;
	return infix && t.kid[0] ? firstline(*t.kid[0]) : t.line;
}

void
Printer::newline()
{
	if(open == s.size())
		s += ';';
	if(s.ends_with('\\'))
		s += ' ';	// or the next line would continue this one
	s += '\n' + std::exchange(heres, {});
	s.append(ntab, '\t');
}

// Behind an operator that would take the next character for its own.
void
Printer::apart(const Treeref& t)
{
	size_t at = s.size();
	tree(t);
	if(s.size() == at || s[at] == '[' || s[at] == '"')
		s.insert(at, " ");
	if(!t)
		open = s.size();
}

void
Printer::kids(const Cmdtree& t, std::string_view between)
{
	for(size_t i = 0; i < t.kid.size(); i++) {
		if(i)
			s += between;
		tree(t.kid[i]);
	}
}

// What stood in one line is printed so, but nothing stands behind a command of several
// lines: then what is printed is printed the same again when it was read.
void
Printer::sequence(const Cmdtree& t)
{
	size_t start = s.size();
	for(size_t i = 0; i < t.kid.size(); i++) {
		if(i && firstline(*t.kid[i - 1]) == firstline(*t.kid[i]) &&
			s.find('\n', start) == s.npos)
			s += "; ";
		else if(i)
			newline();
		start = s.size();
		tree(t.kid[i]);
	}
}

void
Printer::word(const Cmdtree& t)
{
	switch(t.op) {
	case Op::Word:
		s += t.quoted ? alwaysquote(t.str) : deglob(t.str);
		return;
	case Op::Dollar:
		s += '$';
		apart(t.kid[0]);
		return;
	case Op::Join:
		s += "$\"";
		break;
	case Op::Count:
		s += "$#";
		break;
	case Op::Sub:
		s += '$';
		tree(t.kid[0]);
		s += '(';
		tree(t.kid[1]);
		s += ')';
		return;
	case Op::Backq:
		s += '`';
		break;
	case Op::Paren:
		s += '(';
		kids(t, " ");
		s += ')';
		return;
	case Op::Conc:
		kids(t, "^");
		return;
	default:	// Group, Simple
		kids(t, " ");
		return;
	}
	kids(t, "");
}

// The > or the like, with its descriptor unless that is the usual one.
void
Printer::head(const Cmdtree& t)
{
	static constexpr std::string_view arrows[] = {"<", ">", ">>", "<>", "<<"};
	s += arrows[size_t(t.rtype)];
	bool out = t.rtype == Rtype::Write || t.rtype == Rtype::Append;
	if(t.fd0 != (out ? 1 : 0))
		s += '[' + std::to_string(t.fd0) + ']';
}

// One redirection, without its command.
void
Printer::arrow(const Cmdtree& t)
{
	s += ' ';
	if(t.op != Op::Redir) {
		s += ">[" + std::to_string(t.op == Op::Dup ? t.fd1 : t.fd0) + '=';
		s += (t.op == Op::Dup ? std::to_string(t.fd0) : "") + ']';
		return;
	}
	head(t);
	apart(t.kid[0]);
	if(t.rtype == Rtype::Here)
		heres += t.str + deglob(t.kid[0]->str) + '\n';
}

// All redirections of a command.  They stand behind it where they can, for in front
// they would hold for a whole pipe.
void
Printer::redir(const Cmdtree& t)
{
	const Cmdtree* last = &t;
	while(last->kid[1] && isredir(*last->kid[1]))
		last = last->kid[1].get();
	const Treeref& inner = last->kid[1];
	bool behind = inner && (inner->op == Op::Simple || inner->op == Op::Brace);
	if(behind)
		tree(inner);
	for(const Cmdtree* r = &t;; r = r->kid[1].get()) {
		arrow(*r);
		if(r == last)
			break;
	}
	if(!behind && inner) {
		s += ' ';
		tree(inner);
	}
}

void
Printer::loop(const Cmdtree& t)
{
	s += "for(";
	tree(t.kid[0]);
	if(t.kid[1]) {
		s += " in ";
		tree(t.kid[1]);
	}
	s += ')';
	tree(t.kid[2]);
}

void
Printer::cmd(const Cmdtree& t)
{
	switch(t.op) {
	case Op::Brace:
		s += '{';
		ntab++;
		newline();
		kids(t, "");
		ntab--;
		newline();
		s += '}';
		break;
	case Op::Pcmd:
		s += '(';
		kids(t, "");
		s += ')';
		break;
	case Op::Async:
		kids(t, "");
		s += '&';
		break;
	case Op::Assign:
		tree(t.kid[0]);
		s += '=';
		tree(t.kid[1]);
		if(t.kid[2])
			s += ' ';
		tree(t.kid[2]);
		break;
	case Op::And:
		kids(t, " && ");
		break;
	case Op::Or:
		kids(t, " || ");
		break;
	case Op::Pipe:
		tree(t.kid[0]);
		s += '|';
		if(t.fd1 != 0)
			s += '[' + std::to_string(t.fd1) + '=' + std::to_string(t.fd0) +
			     ']';
		else if(t.fd0 != 1)
			s += '[' + std::to_string(t.fd0) + ']';
		apart(t.kid[1]);
		break;
	case Op::For:
		loop(t);
		break;
	default: {
		struct Head {
			Op op;
			std::string_view head, between;
		};
		static constexpr Head heads[] = {
			{Op::Bang, "! ", ""},
			{Op::Subshell, "@ ", ""},
			{Op::If, "if", ""},
			{Op::Ifnot, "if not ", ""},
			{Op::While, "while ", ""},
			{Op::Switch, "switch ", " "},
			{Op::Match, "~ ", " "},
			{Op::Fn, "fn ", " "},
		};
		for(const Head& h : heads)
			if(h.op == t.op) {
				s += h.head;
				kids(t, t.kid.back() ? h.between : "");
			}
	}
	}
}

std::string
Printer::print(const Treeref& t)
{
	tree(t);
	if(!heres.empty())
		newline();
	return std::move(s);
}

void
Printer::tree(const Treeref& t)
{
	if(!t) {
		open = s.size();
		return;
	}
	switch(t->op) {
	case Op::Word:
	case Op::Dollar:
	case Op::Join:
	case Op::Count:
	case Op::Sub:
	case Op::Backq:
	case Op::Conc:
	case Op::Paren:
	case Op::Group:
	case Op::Simple:
		word(*t);
		break;
	case Op::Seq:
		sequence(*t);
		break;
	case Op::Redir:
	case Op::Dup:
	case Op::Close:
		redir(*t);
		break;
	case Op::Pipefd:
		s += ' ';
		head(*t);
		tree(t->kid[0]);
		break;
	default:
		cmd(*t);
	}
}
}

std::string
text(const Treeref& t)
{
	return Printer().print(t);
}
}
