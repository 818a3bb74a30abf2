// test(1).  Operands are looked at only where the expression's value needs them.

#include "cmd/cmds.h"
#include "cmd/prog.h"

namespace p9 {

namespace {

class Expr {
	const Argv& v;
	const size_t end;
	size_t at = 1;

public:
	Expr(const Argv& argv, size_t n) : v(argv), end(n) {}
	bool value()
	{
		bool r = alt(true);
		if(at < end)
			bad("unexpected operator/operand: " + v[at]);
		return r;
	}
	[[noreturn]] static void bad(const std::string& what)
	{
		fprint(2, "test: " + what + "\n");
		exits("bad syntax");
	}

private:
	bool take(std::string_view s)
	{
		bool is = at < end && v[at] == s;
		at += is;
		return is;
	}
	const std::string& next()
	{
		if(at >= end)
			bad("argument expected");
		return v[at++];
	}
	bool alt(bool eval);
	bool both(bool eval);
	bool negated(bool eval);
	bool primary(bool eval);
	bool terminal(bool eval);
	std::optional<bool> unary(const std::string& op, bool eval);
	std::optional<bool> binary(const std::string& a, bool eval);
	std::optional<bool> numbers(const std::string& a);
};

bool
Expr::alt(bool eval)
{
	bool r = both(eval);
	while(take("-o"))
		r |= both(eval && !r);
	return r;
}

bool
Expr::both(bool eval)
{
	bool r = negated(eval);
	while(take("-a"))
		r &= negated(eval && r);
	return r;
}

// A last ! stands for itself: it is not empty.
bool
Expr::negated(bool eval)
{
	bool no = false;
	while(take("!")) {
		if(at >= end)
			return !no;
		no = !no;
	}
	return no ^ primary(eval);
}

bool
hasmode(const std::string& file, uint32_t bit)
{
	auto d = trystat(file);
	return d && d->mode & bit;
}

bool
regular(const std::string& file)
{
	auto d = trystat(file);
	return d && !(d->mode & DMDIR);
}

bool
nonempty(const std::string& file)
{
	auto d = trystat(file);
	return d && d->length > 0;
}

// The seconds of 3d12h; a number alone is a date, not an age.
int64_t
deadline(const std::string& age)
{
	constexpr std::string_view units = "smhdMy";
	constexpr int64_t seconds[] = {1, 60, 3600, 86400, 30 * 86400, 360 * 86400};
	int64_t sum = 0;
	for(size_t i = 0; i < age.size();) {
		size_t digits = age.find_first_not_of("0123456789", i);
		auto n = parseint(age.substr(i, digits - i));
		if(!n || *n > INT32_MAX)
			Expr::bad("bad time syntax, " + age);
		if(digits == age.npos)
			return *n;
		size_t u = units.find(age[digits]);
		if(u == units.npos)
			Expr::bad("bad time syntax, " + age);
		sum += *n * seconds[u];
		i = digits + 1;
	}
	return nsec() / 1'000'000'000 - sum;
}

bool
older(const std::string& file, const std::string& age)
{
	auto d = trystat(file);
	return d && int64_t(d->mtime) < deadline(age);
}

// a was changed before b.
bool
before(const std::string& a, const std::string& b)
{
	auto da = trystat(a);
	auto db = trystat(b);
	return da && db && da->mtime < db->mtime;
}

std::optional<bool>
Expr::unary(const std::string& op, bool eval)
{
	if(op.size() != 2 || op[0] != '-')
		return {};
	switch(op[1]) {
	case 'A': return hasmode(next(), DMAPPEND) && eval;
	case 'L': return hasmode(next(), DMEXCL) && eval;
	case 'T': return hasmode(next(), DMTMP) && eval;
	case 'd': return hasmode(next(), DMDIR) && eval;
	case 'f': return regular(next()) && eval;
	case 's': return nonempty(next()) && eval;
	case 'r': return access(next(), AREAD) && eval;
	case 'w': return access(next(), AWRITE) && eval;
	case 'x': return access(next(), AEXEC) && eval;
	case 'e': return access(next(), AEXIST) && eval;
	case 'n': return !next().empty();
	case 'z': return next().empty();
	case 't': return terminal(eval);
	case 'b':
	case 'c':
	case 'g':
	case 'u': next(); return false;
	}
	return {};
}

bool
Expr::terminal(bool eval)
{
	if(at >= end)
		return eval && isterminal(1);
	auto fd = parseint(v[at]);
	if(!fd)
		bad("not a valid file descriptor number ");
	at++;
	return eval && *fd >= 0 && *fd <= INT32_MAX && isterminal(int(*fd));
}

std::optional<bool>
Expr::numbers(const std::string& a)
{
	auto x = parseint(a);
	auto y = at + 1 < end ? parseint(v[at + 1]) : std::nullopt;
	if(!x || !y)
		return {};
	const std::string& op = v[at];
	std::optional<bool> r;
	if(op == "-eq")
		r = *x == *y;
	else if(op == "-ne")
		r = *x != *y;
	else if(op == "-gt")
		r = *x > *y;
	else if(op == "-lt")
		r = *x < *y;
	else if(op == "-ge")
		r = *x >= *y;
	else if(op == "-le")
		r = *x <= *y;
	if(r)
		at += 2;
	return r;
}

std::optional<bool>
Expr::binary(const std::string& a, bool eval)
{
	if(take("="))
		return next() == a;
	if(take("!="))
		return next() != a;
	if(take("-older"))
		return older(a, next()) && eval;
	if(take("-ot"))
		return before(a, next()) && eval;
	if(take("-nt"))
		return before(next(), a) && eval;
	return numbers(a);
}

bool
Expr::primary(bool eval)
{
	stackcheck();
	const std::string& a = next();
	if(a == "(") {
		bool r = alt(eval);
		if(!take(")"))
			bad(at < end ? ") expected" : "argument expected");
		return r;
	}
	if(auto r = unary(a, eval))
		return *r;
	if(auto r = binary(a, eval))
		return *r;
	return !a.empty();
}
}

void
test(Argv argv)
{
	Cmdline a(argv, "expr");
	size_t n = argv.size();
	if(argv[0] == "[" && argv[--n] != "]")
		Expr::bad("] missing");
	if(n <= 1)
		exits("usage");
	if(!Expr(argv, n).value())
		exits("false");
}
}
