#include "dev/mntcache.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "port/qlock.h"

namespace p9 {

// Bytes lo to hi of a page of the file.
struct Mntcache::Page final : Counted {
	const size_t lo;
	const size_t hi;
	const std::unique_ptr<std::byte[]> b;

	Page(size_t l, size_t h) : lo(l), hi(h), b(new std::byte[h - l]) {}
	std::byte* at(size_t i) const { return b.get() + (i - lo); }
};

struct Mntcache::File {
	Mntcache& owner;
	const uint64_t path;
	uint32_t vers = 0;
	uint64_t stamp = 0;
	bool plain = false;	// its length is known: content may be kept
	uint64_t length = 0;
	Pages pages;	// empty ones are not kept
	size_t bytes = 0;	// in pages
	File* next = nullptr;	// used later
	File* prev = nullptr;

	File(Mntcache& c, uint64_t p) : owner(c), path(p) {}
};

// The files of all mounts, the one that was used longest ago first.
struct Mntcache::All {
	Lock lk;	// guards what follows, and every File and Mntcache::files
	File* head = nullptr;
	File* tail = nullptr;
	size_t nfiles = 0;
	size_t nbytes = 0;
	uint64_t laststamp = 0;

	void take(File& f)
	{
		(f.prev ? f.prev->next : head) = f.next;
		(f.next ? f.next->prev : tail) = f.prev;
		f.next = f.prev = nullptr;
	}
	void put(File& f)
	{
		f.prev = tail;
		(tail ? tail->next : head) = &f;
		tail = &f;
	}
	void touch(File& f)
	{
		if(tail == &f)
			return;
		take(f);
		put(f);
	}
};

Mntcache::All&
Mntcache::all()
{
	static All a;
	return a;
}

size_t
Mntcache::live()
{
	std::scoped_lock l(all().lk);
	return all().nbytes;
}

Mntcache::Mntcache() = default;

Mntcache::~Mntcache()
{
	Gone gone;
	std::scoped_lock l(all().lk);
	while(!files.empty())
		unlink(*files.begin()->second, gone);
}

// Takes f out; it lives on in gone, which is dropped outside.  Requires: All::lk held, as
// all that follow and have a File.
void
Mntcache::unlink(File& f, Gone& gone)
{
	all().take(f);
	all().nfiles--;
	all().nbytes -= f.bytes;
	auto node = f.owner.files.extract(f.path);
	gone.push_back(std::move(node.mapped()));
}

void
Mntcache::trim(Gone& gone)
{
	while(all().nfiles > Maxfiles || all().nbytes > Maxbytes)
		unlink(*all().head, gone);
}

Mntcache::File*
Mntcache::find(uint64_t path)
{
	auto it = files.find(path);
	return it == files.end() ? nullptr : it->second.get();
}

// The File of q, as it is in that version; fresh if there is none.
Mntcache::File&
Mntcache::enter(const Qid& q, std::unique_ptr<File>& fresh, Gone& gone)
{
	File* old = find(q.path);
	if(old && old->vers == q.vers) {
		all().touch(*old);
		return *old;
	}
	if(old)
		unlink(*old, gone);
	File& f = *fresh;
	f.vers = q.vers;
	f.stamp = ++all().laststamp;
	files.emplace(q.path, std::move(fresh));
	all().put(f);
	all().nfiles++;
	trim(gone);
	return f;
}

bool
Mntcache::opened(const Qid& q)
{
	auto fresh = std::make_unique<File>(*this, q.path);
	Gone gone;
	std::scoped_lock l(all().lk);
	return enter(q, fresh, gone).plain;
}

void
Mntcache::learn(const Qid& q, uint64_t length)
{
	auto fresh = std::make_unique<File>(*this, q.path);
	Gone gone;
	std::scoped_lock l(all().lk);
	File& f = enter(q, fresh, gone);
	f.plain = length > 0 && length <= uint64_t(INT64_MAX);
	f.length = f.plain ? length : 0;
}

void
Mntcache::created(const Qid& q)
{
	auto fresh = std::make_unique<File>(*this, q.path);
	Gone gone;
	std::scoped_lock l(all().lk);
	if(File* f = find(q.path))
		unlink(*f, gone);
	enter(q, fresh, gone).plain = true;
}

void
Mntcache::forget(uint64_t path)
{
	Gone gone;
	std::scoped_lock l(all().lk);
	if(File* f = find(path))
		unlink(*f, gone);
}

Mntcache::State
Mntcache::state(uint64_t path)
{
	std::scoped_lock l(all().lk);
	File* f = find(path);
	if(!f || !f->plain)
		return {};
	return {f->stamp, f->length};
}

bool
Mntcache::holds(uint64_t path, uint64_t off)
{
	std::scoped_lock l(all().lk);
	File* f = find(path);
	size_t at = off % Pagesize;
	if(!f || off / Pagesize >= f->pages.size())
		return false;
	const Page* p = f->pages[size_t(off / Pagesize)].get();
	return p && at >= p->lo && at < p->hi;
}

size_t
Mntcache::read(uint64_t path, Buf buf, uint64_t off)
{
	std::array<Ref<Page>, 16> got;
	size_t start = off % Pagesize;
	size_t most = start;	// that the pages in got could give
	{
		std::scoped_lock l(all().lk);
		File* f = find(path);
		if(!f)
			return 0;
		all().touch(*f);
		size_t at = start;
		for(Ref<Page>& p : got) {
			size_t i = off / Pagesize + size_t(&p - got.data());
			if(i >= f->pages.size() || most >= start + buf.size())
				break;
			const Ref<Page>& kept = f->pages[i];
			if(!kept || at < kept->lo || at >= kept->hi)
				break;
			p = kept;
			most += p->hi - at;
			if(p->hi < Pagesize)
				break;
			at = 0;
		}
	}
	size_t n = 0;
	for(const Ref<Page>& p : got) {
		if(!p || n == buf.size())
			break;
		size_t len = std::min(p->hi - start, buf.size() - n);
		std::memcpy(buf.data() + n, p->at(start), len);
		n += len;
		start = 0;
	}
	return n;
}

// A page of piece, and of old's bytes where the two make one stretch.
Ref<Mntcache::Page>
Mntcache::merge(const Page* old, size_t lo, Bytes piece)
{
	size_t hi = lo + piece.size();
	if(old && (old->hi < lo || old->lo > hi))
		old = nullptr;
	auto p = mk<Page>(old ? std::min(lo, old->lo) : lo, old ? std::max(hi, old->hi) : hi);
	if(old && old->lo < lo)
		std::memcpy(p->at(old->lo), old->at(old->lo), lo - old->lo);
	if(old && old->hi > hi)
		std::memcpy(p->at(hi), old->at(hi), old->hi - hi);
	std::memcpy(p->at(lo), piece.data(), piece.size());
	return p;
}

// The pages that b at off makes, each with what it was.
Mntcache::Pages
Mntcache::merged(const Pages& were, Bytes b, uint64_t off)
{
	Pages v;
	size_t lo = off % Pagesize;
	for(size_t i = 0; !b.empty(); i++, lo = 0) {
		Bytes piece = b.first(std::min(b.size(), Pagesize - lo));
		v.push_back(merge(i < were.size() ? were[i].get() : nullptr, lo, piece));
		b = b.subspan(piece.size());
	}
	return v;
}

// Puts pages into the file where they still are what they were, if its stamp is.
void
Mntcache::install(uint64_t path, uint64_t stamp, uint64_t off, const Pages& were, Pages now)
{
	Gone gone;
	std::scoped_lock l(all().lk);
	File* f = find(path);
	if(!f || f->stamp != stamp)
		return;
	size_t first = size_t(off / Pagesize);
	f->pages.resize(std::max(f->pages.size(), first + now.size()));
	for(size_t i = 0; i < now.size(); i++) {
		Ref<Page>& p = f->pages[first + i];
		if(i < were.size() ? p != were[i] : bool(p))
			continue;
		size_t less = p ? p->hi - p->lo : 0;
		size_t more = now[i]->hi - now[i]->lo;
		f->bytes += more - less;
		all().nbytes += more - less;
		std::swap(p, now[i]);
	}
	all().touch(*f);
	trim(gone);
}

void
Mntcache::fill(uint64_t path, uint64_t stamp, Bytes b, uint64_t off)
{
	if(stamp == 0 || b.empty() || off >= Maxfile)
		return;
	b = b.first(std::min<size_t>(b.size(), Maxfile - size_t(off)));
	size_t first = size_t(off) / Pagesize;
	size_t last = (size_t(off) + b.size() - 1) / Pagesize;
	Pages were;
	{
		std::scoped_lock l(all().lk);
		File* f = find(path);
		if(!f || f->stamp != stamp)
			return;
		for(size_t i = first; i <= last && i < f->pages.size(); i++)
			were.push_back(f->pages[i]);
	}
	install(path, stamp, off, were, merged(were, b, off));
}

// The range is empty from the moment that the stamp changes until the new pages are in:
// another write may end in between.
void
Mntcache::wrote(uint64_t path, uint64_t stamp, Bytes done, size_t asked, uint64_t off)
{
	Pages were;
	{
		std::scoped_lock l(all().lk);
		File* f = find(path);
		if(!f)
			return;
		size_t first = size_t(std::min<uint64_t>(off, Maxfile) / Pagesize);
		size_t end = size_t(std::min<uint64_t>(off + asked, Maxfile) + Pagesize - 1) / Pagesize;
		for(size_t i = first; i < end && i < f->pages.size(); i++) {
			if(const Ref<Page>& p = f->pages[i]) {
				f->bytes -= p->hi - p->lo;
				all().nbytes -= p->hi - p->lo;
			}
			were.push_back(std::move(f->pages[i]));
		}
		if(!done.empty()) {
			f->vers++;
			f->length = std::max(f->length, off + done.size());
		}
		// Which of two writes at a time was the last, only the server knows.
		bool alone = f->plain && f->stamp == stamp && done.size() == asked;
		f->stamp = ++all().laststamp;
		stamp = alone ? f->stamp : 0;
	}
	if(stamp == 0 || off >= Maxfile)
		return;
	done = done.first(std::min<size_t>(done.size(), Maxfile - size_t(off)));
	install(path, stamp, off, {}, merged(were, done, off));
}
}
