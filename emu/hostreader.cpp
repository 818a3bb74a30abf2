#include "emu/hostreader.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace p9 {

Hostreader::Hostreader(Fetch f) : fetch(std::move(f))
{
	std::thread([this] { serve(); }).detach();
}

void
Hostreader::serve()
{
	for(;;) {
		wanted.wait();
		std::optional<std::string> got = fetch();
		std::scoped_lock l(lk);
		if(got)
			data += *got;
		else
			eof = true;
		asked = false;
		r.wakeup();
	}
}

void
Hostreader::call(std::function<void()> fn)
{
	std::scoped_lock l(lk);
	wish.swap(fn);
	r.wakeup();
}

std::optional<size_t>
Hostreader::read(Buf b)
{
	auto t = elocked(turn);
	std::unique_lock l(lk);
	if(data.empty() && !eof && !asked) {
		asked = true;
		wanted.post();
	}
	for(;;) {
		r.sleep(l, "console input",
			[this] { return !data.empty() || eof || !asked || wish; });
		if(!wish)
			break;
		std::function<void()> fn;
		fn.swap(wish);
		l.unlock();
		fn();
		l.lock();
	}
	if(data.empty() && !eof) {
		if(up().takenote()) // why it was called off, perhaps
			error(Eintr);
		return {};
	}
	if(data.empty()) {
		eof = false;
		return 0;
	}
	size_t line = data.find('\n');
	size_t n = std::min({b.size(), data.size(), line == data.npos ? line : line + 1});
	std::memcpy(b.data(), data.data(), n);
	data.erase(0, n);
	return n;
}
}
