#include "lib9/disk/expr.h"

#include "lib9/error.h"

namespace p9 {

namespace {

constexpr std::string_view Erange = "number out of range";
constexpr int Maxdepth = 200;	// of parentheses and signs

// Recursive descent: sum of products of signed values with % behind them.
class Exprparser {
	std::string_view s;
	const Exprvars& v;
	int depth = 0;

	char peek();
	bool take(char c);
	uint64_t digits();
	int64_t number();
	int64_t primary();
	int64_t negated();
	int64_t hundredths(int64_t n);
	int64_t percent();
	int64_t product();

public:
	Exprparser(std::string_view text, const Exprvars& vars) : s(text), v(vars) {}
	int64_t sum();
};

// The next character that is no blank, 0 at the end.
char
Exprparser::peek()
{
	constexpr std::string_view blanks = " \t\n\v\f\r";
	while(!s.empty() && blanks.find(s[0]) != blanks.npos)
		s.remove_prefix(1);
	return s.empty() ? '\0' : s[0];
}

bool
Exprparser::take(char c)
{
	if(peek() != c || s.empty())
		return false;
	s.remove_prefix(1);
	return true;
}

int
digitvalue(char c)
{
	if(c >= '0' && c <= '9')
		return c - '0';
	if(c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if(c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

uint64_t
Exprparser::digits()
{
	int base = 10;
	if(s[0] == '0') {
		base = 8;
		if(s.size() > 2 && (s[1] | 0x20) == 'x' && digitvalue(s[2]) < 16) {
			base = 16;
			s.remove_prefix(2);
		}
	}
	uint64_t n = 0;
	for(; !s.empty() && digitvalue(s[0]) < base; s.remove_prefix(1))
		if(__builtin_mul_overflow(n, uint64_t(base), &n) ||
		   __builtin_add_overflow(n, uint64_t(digitvalue(s[0])), &n))
			error(Erange);
	return n;
}

int64_t
Exprparser::number()
{
	constexpr std::string_view units = "kmgt";
	uint64_t n = digits();
	size_t i = s.empty() ? units.npos : units.find(char(s[0] | 0x20));
	if(i != units.npos) {
		s.remove_prefix(1);
		if(__builtin_mul_overflow(n, uint64_t(1024) << (10 * i), &n))
			error(Erange);
		n /= uint64_t(v.unit);
	}
	if(n > INT64_MAX)
		error(Erange);
	return int64_t(n);
}

int64_t
Exprparser::primary()
{
	char c = peek();
	if(c >= '0' && c <= '9')
		return number();
	if(take('.'))
		return v.dot;
	if(take('$'))
		return v.dollar;
	if(!take('('))
		error("syntax error");
	int64_t n = sum();
	if(!take(')'))
		error("syntax error");
	return n;
}

int64_t
Exprparser::hundredths(int64_t n)
{
	if(__builtin_mul_overflow(v.size, n, &n))
		error(Erange);
	return n / 100;
}

// The sign binds as strongly as %, and stands on the left of it: -5% is (-5)%.
int64_t
Exprparser::negated()
{
	if(!take('-'))
		return primary();
	if(++depth > Maxdepth)
		error("expression too deep");
	int64_t n;
	if(__builtin_sub_overflow(int64_t(0), negated(), &n))
		error(Erange);
	depth--;
	return n;
}

int64_t
Exprparser::percent()
{
	int64_t n = negated();
	while(take('%'))
		n = hundredths(n);
	return n;
}

int64_t
Exprparser::product()
{
	int64_t n = percent();
	for(;;)
		if(take('*')) {
			if(__builtin_mul_overflow(n, percent(), &n))
				error(Erange);
		} else if(take('/')) {
			int64_t d = percent();
			if(d == 0)
				error("division by zero");
			if(d == -1 && n == INT64_MIN)
				error(Erange);
			n /= d;
		} else
			return n;
}

int64_t
Exprparser::sum()
{
	if(++depth > Maxdepth)
		error("expression too deep");
	int64_t n = product();
	for(;;)
		if(take('+')) {
			if(__builtin_add_overflow(n, product(), &n))
				error(Erange);
		} else if(take('-')) {
			if(__builtin_sub_overflow(n, product(), &n))
				error(Erange);
		} else {
			depth--;
			return n;
		}
}
}

int64_t
evalexpr(std::string_view s, const Exprvars& v)
{
	return Exprparser(s, v).sum();
}
}
