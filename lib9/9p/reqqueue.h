// A queue of requests that a Proc of its own serves one after the other, for hooks
// that may take long.  As reqqueue of 9p(2):
//
//	void read(Req& r) override { q.push(r, [this](Req& r) { slowread(r); }); }
//	void flush(Req& r) override { q.flush(r); }

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "lib9/9p/srv.h"

namespace p9 {

class Reqqueue {
public:
	using Serve = std::function<void(Req&)>;

	// interrupt is called for the request that is being served when it is flushed,
	// beside its Serve: it gets the Proc out of where it sleeps.  Empty: it is only
	// noted (Req::flushed).
	Reqqueue(Sync& s, std::string_view name,
		std::function<void(Req&)> interrupt = {});
	~Reqqueue();	// requires: ended
	Reqqueue(const Reqqueue&) = delete;

	// Serve answers r; what it throws answers too.
	void push(Req& r, Serve fn);
	// The flush hook: a request that waits is answered "interrupted".
	void flush(Req& r);
	// Answers what waits with "interrupted" and waits for the Proc to end; Srv::end
	// is the place for it.
	void end();

private:
	struct Item {
		Req* r;
		Serve fn;
	};
	Sync& sync;
	const std::string name;
	const std::function<void(Req&)> interrupt;
	const std::unique_ptr<Sync::Mutex> mu;	// guards what follows
	const std::unique_ptr<Sync::Cond> changed;
	std::deque<Item> items;
	Req* now = nullptr;	// being served
	bool running = false;	// there is a Proc
	bool ending = false;

	void work();
};
}
