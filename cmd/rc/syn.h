// rc's syntax: characters to tokens to trees, and trees back to text.  Needs no
// kernel; whoever reads from a file is a Source.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/rc/word.h"
#include "lib9/ref.h"

namespace p9 {

// Where characters come from, and where complaints go.
class Source {
public:
	virtual ~Source() = default;
	virtual int get() = 0;	// the next byte, -1 at the end; may sleep
	virtual void prompt() {}	// a line is about to be read
	virtual void newcommand() {}	// it will be a command's first
	virtual void message(std::string_view text) = 0;	// whole lines, for people
};

// Kinds of a Cmdtree, with its kids; any kid may be an empty Ref where a command may be
// empty.  Words are evaluated, commands run.
enum class Op {
	Word,	// str; as in syn.h's quoted and glob
	Dollar,	// $k0
	Join,	// $"k0
	Count,	// $#k0
	Sub,	// $k0(k1)
	Backq,	// `k0{k1}; k0 empty: $ifs
	Conc,	// k0^k1
	Paren,	// (kids)
	Group,	// kids, words
	Pipefd,	// <{k0}, as rtype says
	Simple,	// kids
	Redir,	// rtype[fd0] k0, around command k1; a here document is str
	Dup,	// >[fd1=fd0], around command k1
	Close,	// >[fd0=], around command k1
	Assign,	// k0=k1, for k2
	Async,	// k0&
	Seq,	// kids, one after the other
	Brace,	// {k0}
	Pcmd,	// the (k0) of if and while
	And,
	Or,
	Pipe,	// k0|[fd0=fd1]k1
	Bang,	// from here on: begun by a keyword
	Subshell,
	If,	// if k0 k1
	Ifnot,
	For,	// for(k0 in k1) k2; k1 empty: $*
	While,
	Switch,	// switch k0 k1, k1 a Brace
	Match,	// ~ k0 k1
	Fn,	// fn k0 k1; k1 empty: deletes
};

enum class Rtype { Read, Write, Append, Rdwr, Here };

struct Cmdtree;
using Treeref = Ref<Cmdtree>;

// Immutable once parse() has answered it.
struct Cmdtree : Counted {
	Op op;
	int line;	// of its first token, from 1
	Rtype rtype = Rtype::Read;
	bool quoted = false;	// a Word in quotes
	bool glob = false;	// what it evaluates to may be patterns
	int fd0 = 0;
	int fd1 = 0;
	int depth = 1;	// of the tree below it; parse() bounds it
	std::string str;
	std::vector<Treeref> kid;

	Cmdtree(Op o, int l) : op(o), line(l) {}
	void add(Treeref t);	// as its next kid
};

enum class Tk {
	Eof, Word, Redir, Dup, Pipe, Sub, Andand, Oror, Dollar, Count, Join,
	For, In, While, If, Not, Twiddle, Bang, Subshell, Switch, Fn,	// the keywords
	Newline, Semi, Amp, Caret, Eq, Backq, Lbrace, Rbrace, Lparen, Rparen, Bad,
};

// Lines: commands are read line by line and run before the next is read.  Whole: the
// input is one command in braces, checked as a whole first.
enum class Unit { Lines, Whole };

class Lexer {
	Source& in;
	int peekc = -1;	// put back
	int future = -1;	// the look-ahead character
	int lastc = 0;
	int tokline = 1;	// where the last token began
	int endline = 1;	// the input's last
	std::string_view epilog;	// what follows the input's end
	bool ended = false;
	bool doprompt = true;
	bool inquote = false;
	bool incomment = false;
	bool lastdol = false;
	bool verbose = false;	// -v
	std::string echoed;	// the line that it will show

	int getnext();
	void setended();
	int inputend();
	int getraw();
	int nextc();
	int advance();
	void skipwhite();
	bool nextis(int c);
	Tk quotedword();
	Tk word(int c);
	Tk arrow(int c);
	Tk dollar();
	Tk brackets(Cmdtree& t, Tk kind);
	bool digits(int& n);
	void takeraw();

public:
	std::string file;	// for messages
	int line = 1;
	bool iflast = false;	// the command before was an if: `if not' may follow
	bool lastword = false;	// a word was read: ( and free carets may follow
	std::string tok;	// the text of the last token
	Treeref tree;	// of the last token, when it is a word or a redirection

	Lexer(Source& src, std::string name, Unit unit);

	// Before each command.
	void begin(bool echo)
	{
		verbose = echo;
		in.newcommand();
	}
	Tk next();
	void skipnl();	// blanks, newlines, comments
	bool ateof() const { return ended && epilog.empty(); }
	std::string heredoc(std::string_view tag);	// the lines up to tag, or the end

	// Prints `file:line: token x: why', of the last token, or `file:line: why' of the
	// line at, and skips the rest of the line.
	void complain(std::string_view why, int at = 0);
	// After an interrupt: forgets what is half read.
	void reset();
};

struct Parsed {
	enum { Command, End, Bad } what;
	Treeref tree;	// of a Command; empty for an empty line
	std::string why;	// of Bad: what complain() was told
};

// The next command.  Errors of the Source pass through.
Parsed parse(Lexer&);

// The tree as rc would read it again.
std::string text(const Treeref&);

// A variable's name as rc would read it again in front of a =.
std::string quotename(std::string_view s);

// Whether t is a case of a switch.
bool iscase(const Treeref& t);
}
