#include "emu/tab.h"

#include <algorithm>
#include <utility>

#include "emu/hostreader.h"
#include "lib9/error.h"
#include "lib9/utf.h"
#include "port/console.h"
#include "port/proc.h"

namespace p9 {

void
Asking::ask(std::string line)
{
	drop();
	uint64_t n;
	{
		std::scoped_lock l(lk);
		n = serial;
	}
	reader.call([this, n, line = std::move(line)] { begin(n, line); });
}

// In the Proc that reads.
void
Asking::begin(uint64_t n, const std::string& line)
{
	Ref<Proc> p;
	try {
		p = complete(line, [this, n](std::optional<Completion> c) {
			settle(n, c ? std::move(c) : Completion());
		});
		if(!p)
			settle(n, Completion{0, "\t", {}});
	} catch(const Error&) {
		settle(n, Completion()); // too many Procs, or no memory
	}
	if(!p)
		return;
	{
		std::scoped_lock l(lk);
		if(serial == n) {
			who = p;
			return;
		}
	}
	p->interrupt();
}

void
Asking::settle(uint64_t n, std::optional<Completion> c)
{
	{
		std::scoped_lock l(lk);
		if(serial != n)
			return;
		got = std::move(c);
	}
	news();
}

std::optional<Completion>
Asking::answer()
{
	std::scoped_lock l(lk);
	return std::exchange(got, {});
}

void
Asking::drop()
{
	reader.call({});
	Ref<Proc> p;
	{
		std::scoped_lock l(lk);
		serial++;
		got.reset();
		std::swap(p, who);
	}
	if(p)
		p->interrupt();
}

std::string
columns(const std::vector<std::string>& names, size_t width, size_t height)
{
	size_t wide = 0;
	for(const std::string& n : names)
		wide = std::max(wide, utflen(n) + 2);
	size_t ncol = std::max<size_t>(width / std::max<size_t>(wide, 1), 1);
	size_t nrow = (names.size() + ncol - 1) / ncol;
	size_t shown = std::min(nrow, std::max<size_t>(height, 3) - 2);
	std::string s;
	size_t left = names.size();
	for(size_t row = 0; row < shown; row++) {
		size_t pad = 0;
		for(size_t i = row; i < names.size(); i += nrow) {
			s.append(pad, ' ');
			s += names[i];
			pad = wide - utflen(names[i]);
			left--;
		}
		s += '\n';
	}
	if(left > 0)
		s += "and " + std::to_string(left) + " more\n";
	return s;
}
}
