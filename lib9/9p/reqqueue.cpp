// The Proc of a queue takes a request off before it serves it, so that a flush finds
// it either in items or as now.

#include "lib9/9p/reqqueue.h"

#include <algorithm>

namespace p9 {

Reqqueue::Reqqueue(Sync& s, std::string_view n, std::function<void(Req&)> i)
    : sync(s), name(n), interrupt(std::move(i)), mu(s.mutex()), changed(s.cond())
{
}

Reqqueue::~Reqqueue()
{
	assert(!running);
}

void
Reqqueue::push(Req& r, Serve fn)
{
	std::scoped_lock l(*mu);
	if(ending)
		error(Eintr);
	if(!running)
		sync.spawn(name, [this] { work(); });
	running = true;
	items.push_back({&r, std::move(fn)});
	changed->notifyall();
}

void
Reqqueue::work()
{
	std::unique_lock<Sync::Mutex> l(*mu);
	for(;;) {
		while(items.empty() && !ending)
			changed->wait(l);
		if(items.empty())
			break;
		Item it = std::move(items.front());
		items.pop_front();
		Ref<Req> hold(*it.r);
		now = it.r;
		l.unlock();
		try {
			it.fn(*it.r);
		} catch(const Error& e) {
			it.r->responderror(e);
		} catch(const std::exception&) {
			it.r->responderror(Eio);
		}
		hold = nullptr;
		l.lock();
		now = nullptr;
	}
	running = false;
	changed->notifyall();
}

void
Reqqueue::flush(Req& r)
{
	Req* old = r.oldreq.get();
	bool waited = false;
	{
		std::scoped_lock l(*mu);
		auto it = std::ranges::find(items, old, &Item::r);
		waited = it != items.end();
		if(waited)
			items.erase(it);
		else if(now == old && interrupt)
			interrupt(*old);
	}
	if(waited)
		old->responderror(Eintr);
	r.respond();
}

void
Reqqueue::end()
{
	std::unique_lock<Sync::Mutex> l(*mu);
	ending = true;
	std::deque<Item> left;
	left.swap(items);
	l.unlock();
	for(Item& it : left)
		it.r->responderror(Eintr);
	l.lock();
	changed->notifyall();
	while(running)
		changed->wait(l);
}
}
