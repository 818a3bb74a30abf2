// Lines of pc(1): words, then expressions by precedence, computed as they are read.

#include "cmd/pc/calc.h"

#include <algorithm>

#include "lib9/error.h"

namespace p9::calc {

namespace {

constexpr int Maxdepth = 200;	// of parentheses and the like

bool
isdigit(char c)
{
	return c >= '0' && c <= '9';
}

// Bytes beyond ASCII are letters.
bool
isname(char c)
{
	return isdigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool
isblank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string
without(std::string_view s, char c)
{
	std::string r(s);
	std::erase(r, c);
	return r;
}

// A setting for the time of a scope.
template<class T>
class Restored {
	T& ref;
	T old;

public:
	Restored(T& r, T now) : ref(r), old(std::exchange(r, now)) {}
	~Restored() { ref = old; }
};
}

// A line, and what of it has been read.
class Calcline {
	enum class Kind { End, Number, Name, Symbol };

	Calc& c;
	std::string_view in;
	Kind kind = Kind::End;
	std::string_view word;
	Num number;
	int depth = 0;

	void next();
	void lexnumber();
	bool at(std::string_view symbol) const
	{
		return kind == Kind::Symbol && word == symbol;
	}
	void expect(std::string_view symbol);

	std::optional<Num> statement();
	void control();
	Num expression(int minprec);
	Num primary();
	Num unary(char op);
	Num call(const std::string& name);
	Num variable(const std::string& name) const;

public:
	Calcline(Calc& calc, std::string_view s) : c(calc), in(s) { next(); }
	std::optional<Num> run();
};

// The digits of a number and what has joined them, without the _.
void
Calcline::lexnumber()
{
	size_t n = 0;
	auto part = [this](size_t i) {
		return i < in.size() && isname(in[i]) &&
		       static_cast<unsigned char>(in[i]) < 0x80;
	};
	while(part(n))
		n++;
	std::string text = without(in.substr(0, n), '_');
	in.remove_prefix(n);
	kind = Kind::Number;
	unsigned base = c.set.inbase;
	size_t prefix = 0;
	if(text.size() > 1 && text[0] == '0') {
		prefix = 2;
		switch(text[1]) {
		case 'b':
		case 'B': base = 2; break;
		case 'd':
		case 'D': base = 10; break;
		case 'x':
		case 'X': base = 16; break;
		default:
			base = 8;
			prefix = 1;
		}
	}
	number = {0, {base}};
	if(text.size() == prefix)
		return;	// 0x alone
	// A figure is at least log2 of its base, but for those of 10 more than 3 bits.
	size_t perfigure = base == 2 ? 1 : base == 16 ? 4 : 3;
	if(text.size() > c.host.maxbits / perfigure)
		error("number too large");
	auto n2 = Big::parse(std::string_view(text).substr(prefix), base);
	if(!n2)
		error("not a number: " + text);
	if(n2->bits() > c.host.maxbits)
		error("number too large");
	number.n = *n2;
}

void
Calcline::next()
{
	while(!in.empty() && isblank(in[0]))
		in.remove_prefix(1);
	kind = Kind::End;
	if(in.empty())
		return;
	if(isdigit(in[0]))
		return lexnumber();
	size_t n = 1;
	kind = Kind::Symbol;
	if(isname(in[0])) {
		while(n < in.size() && isname(in[n]))
			n++;
		if(in.substr(0, n) != "_")
			kind = Kind::Name;
	} else if(const Operator* two = findoperator(in.substr(0, 2))) {
		n = two->text.size();
	}
	word = in.substr(0, n);
	in.remove_prefix(n);
}

void
Calcline::expect(std::string_view symbol)
{
	if(!at(symbol))
		error("syntax error");
	next();
}

// Reads a setting, whose value is always decimal.
void
Calcline::control()
{
	char what = word[0];
	Big v;
	{
		Restored<unsigned> r(c.set.inbase, 10);
		next();
		v = expression(Anyprec).n;
	}
	auto oneof = [&v](std::initializer_list<int> good) {
		for(int g : good)
			if(v == g)
				return unsigned(g);
		error("no.");
	};
	switch(what) {
	case '_':
		if(v.negative())
			error("no.");
		c.set.separate = size_t(v.small().value_or(INT64_MAX));
		break;
	case '<': c.set.inbase = oneof({2, 8, 10, 16}); break;
	case '>': c.set.outbase = oneof({0, 2, 8, 10, 16}); break;
	case '/': c.set.truncating = oneof({0, 1}); break;
	case '\'': c.set.heads = oneof({0, 1}); break;
	}
}

// Nothing when there is no value to print.
std::optional<Num>
Calcline::statement()
{
	if(kind == Kind::End || at(";"))
		return std::nullopt;
	if(at("_") || at("<") || at(">") || at("/") || at("'")) {
		control();
		return std::nullopt;
	}
	return expression(Anyprec);
}

std::optional<Num>
Calcline::run()
{
	for(;;) {
		std::optional<Num> v = statement();
		if(kind == Kind::End)
			return v;
		expect(";");
	}
}

Num
Calcline::expression(int minprec)
{
	Restored<int> r(depth, depth + 1);
	if(depth > Maxdepth)
		error("expression too deep");
	c.host.poll();
	Num a = primary();
	for(;;) {
		if(at("?") && minprec <= Ternaryprec) {
			next();
			Num b = expression(Anyprec);
			expect(":");
			Num otherwise = expression(Ternaryprec);
			a = a.n.iszero() ? otherwise : b;
			continue;
		}
		const Operator* op = kind == Kind::Symbol ? findoperator(word) : nullptr;
		if(!op || op->prec < minprec)
			return a;
		next();
		a = op->fn(c.host, c.set, a,
			   expression(op->right ? op->prec : op->prec + 1));
	}
}

Num
Calcline::unary(char op)
{
	next();
	Num a = expression(op == '$' ? int(Extendprec) : int(Unaryprec));
	switch(op) {
	case '-': a.n = -a.n; break;
	case '~': a.n = ~a.n; break;
	case '!': a = {a.n.iszero() ? 1 : 0, {}}; break;
	case '$':
		if(!a.n.negative())
			a.n = extend(a.n, a.n.bits());
		break;
	}
	return a;
}

Num
Calcline::primary()
{
	if(kind == Kind::Number) {
		Num n = number;
		next();
		return n;
	}
	if(kind == Kind::Name) {
		std::string name(word);
		next();
		if(at("("))
			return call(name);
		if(!at("="))
			return variable(name);
		next();
		Num v = expression(Anyprec);
		if(findfunction(name))
			error(name + " redefined");
		c.vars[name] = v;
		return v;
	}
	if(kind != Kind::Symbol)
		error("syntax error");
	if(at("(")) {
		next();
		Num n = expression(Anyprec);
		expect(")");
		return n;
	}
	if(at("@")) {
		if(!c.printed)
			error("no last result");
		next();
		return *c.printed;
	}
	if(word.size() == 1 &&
	   std::string_view("+-~!$").find(word[0]) != std::string_view::npos)
		return unary(word[0]);
	error("syntax error");
}

Num
Calcline::call(const std::string& name)
{
	next();
	Nums args;
	if(!at(")"))
		for(;;) {
			args.push_back(expression(Anyprec));
			if(!at(","))
				break;
			next();
		}
	expect(")");
	const Function* f = findfunction(name);
	if(!f)
		error(name + ": not a function");
	if(f->nargs >= 0 && size_t(f->nargs) != args.size())
		error(name + ": wrong number of arguments");
	return f->fn(c.host, args);
}

// With input in base 16, a name that nobody has given a value may be a number.
Num
Calcline::variable(const std::string& name) const
{
	auto v = c.vars.find(name);
	if(v != c.vars.end())
		return v->second;
	if(findfunction(name))
		error(name + " is a function");
	if(c.set.inbase == 16 && name.size() <= c.host.maxbits / 4)
		if(auto n = Big::parse(without(name, '_'), 16))
			return {*n, {16}};
	error(name + " undefined");
}

std::string
Calc::line(std::string_view text)
{
	std::optional<Num> v = Calcline(*this, text).run();
	if(!v)
		return "";
	std::string s = show(*v, set);
	printed = std::move(v);
	return s;
}
}
