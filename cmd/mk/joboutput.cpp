// The output of recipes that run side by side: a pipe for each, and a Proc that takes
// whole lines from it to where they belong.  A recipe may leave something running that
// holds its pipe; so an empty message, not the pipe's end, says that the recipe is done.

#include <atomic>

#include "cmd/mk/mk.h"
#include "cmd/prog.h"
#include "lib9/error.h"

namespace p9 {

namespace {

constexpr size_t Maxline = 64 << 10;	// a longer one may be torn
}

// Shared with the Proc, which may outlive mk.  The two share their descriptors, too, so
// that no copy of a pipe's end keeps it open.
struct Joboutput::Stream {
	Fd from;
	const int to;
	const std::shared_ptr<Sync::Mutex> out;	// of all that write
	std::string line;	// the start of one; the Proc's
	std::atomic<bool> ended = false;	// the recipe has
	const std::unique_ptr<Sync::Mutex> lk{kernelsync().mutex()};	// guards done
	const std::unique_ptr<Sync::Cond> isdone{kernelsync().cond()};
	bool done = false;	// all that it wrote is written

	Stream(int fd, std::shared_ptr<Sync::Mutex> m) : to(fd), out(std::move(m)) {}

	void put(size_t n);
	bool copy(Buf buf);
	void tell();
	void run();
};

// Writes the first n bytes of line.
void
Joboutput::Stream::put(size_t n)
{
	if(n == 0)
		return;
	std::scoped_lock l(*out);
	writeall(to, std::as_bytes(std::span(line).first(n)));
	line.erase(0, n);
}

void
Joboutput::Stream::tell()
{
	std::scoped_lock l(*lk);
	done = true;
	isdone->notifyall();
}

// One message.  False at the end.
bool
Joboutput::Stream::copy(Buf buf)
{
	try {
		size_t n = read(from, buf);
		line += textof(buf.first(n));
		size_t whole = line.rfind('\n') + 1;
		put(line.size() - whole > Maxline ? line.size() : whole);
		if(n == 0 && ended) {
			put(line.size());
			tell();
		}
		return true;
	} catch(const Error& e) {
		pollnotes();
		return e.is(Eintr);
	}
}

void
Joboutput::Stream::run()
{
	notify([](const std::string&) { return true; });	// it ends with the pipe
	std::vector<std::byte> buf(32 << 10);
	while(copy(buf))
		;
	close(std::move(from));
	tell();
}

int
Joboutput::begin(int to, const Mkprinter& p)
{
	auto s = std::make_shared<Stream>(to, p.lock);
	auto [from, wr] = pipe();
	s->from = std::move(from);
	int fd = wr;
	all.insert(all.end(), {s->from, fd});
	into.push_back(std::move(wr));
	streams.push_back(s);
	rfork(RFPROC | RFNOWAIT | RFNOTEG, [s] { s->run(); });
	return fd;
}

// 1 and 2 have one pipe, which keeps their order, when they lead to one file.
Joboutput::Joboutput(const Mkprinter& p)
{
	bool same = false;
	try {
		Dir one = fstat(1);
		Dir two = fstat(2);
		same = one.qid == two.qid && one.type == two.type && one.dev == two.dev;
	} catch(const Error&) {
	}
	files.out = begin(1, p);
	files.err = same ? files.out : begin(2, p);
	files.shut = all;
}

Commands::Files
Joboutput::forcommand(const std::vector<std::unique_ptr<Joboutput>>& others) const
{
	Commands::Files f = files;
	for(auto& o : others)
		if(o && o.get() != this)
			f.shut.insert(f.shut.end(), o->all.begin(), o->all.end());
	return f;
}

void
Joboutput::end()
{
	for(size_t i = 0; i < streams.size(); i++) {
		Stream& s = *streams[i];
		s.ended = true;
		try {
			write(into[i], Bytes{});
		} catch(const Error&) {
			pollnotes();	// the Proc may have ended; then it has told
		}
		close(std::move(into[i]));
		std::unique_lock l(*s.lk);
		while(!s.done)
			s.isdone->wait(l);
	}
}
}
