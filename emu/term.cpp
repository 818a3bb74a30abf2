// While a line is edited the terminal is libedit's: its thread alone writes there.
// What Procs write is put on a list; the thread takes the line away, writes, and
// draws it again.  Else writers take turns.  The text behind the last newline that
// was written (rc's prompt) is given to libedit as the prompt.

#include "emu/term.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "emu/oserr.h"
#include "emu/termstate.h"
#include "lib9/error.h"
#include "port/proc.h"

namespace p9 {

namespace {

constexpr size_t Maxprompt = 512;	// of a last line that is taken for a prompt
constexpr size_t Maxpending = 64 << 10; // bytes that wait for the editing thread

// For signal handlers, too.
std::atomic<bool> taken{false};
termios found; // how the terminal was; written before taken is set
int foundfd;

Term* term; // set once, before boot

int
reopened(int fd, int flags)
{
	std::string name = "/proc/self/fd/" + std::to_string(fd);
	return ::open(name.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

// Takes the right to write to the terminal for one piece, while no line is edited.
class Piece {
	Term& t;

public:
	explicit Piece(Term& owner) : t(owner) {}
	~Piece()
	{
		std::scoped_lock l(t.lk);
		t.writing = false;
		t.written.notify_one();
	}
	Piece(const Piece&) = delete;
	void write(std::string_view s)
	{
		while(!s.empty()) {
			int64_t n = hostcall(
				[&] { return ::write(t.tty, s.data(), s.size()); });
			if(n >= 0)
				s.remove_prefix(size_t(n));
			else if(n == -EAGAIN)
				waitfd(t.tty, true);
			else if(n != -EINTR)
				oserror(int(-n));
		}
	}
};

// Leaves s to the editing thread, if a line is edited; else the terminal is the
// caller's until its Piece ends.
bool
leave(Term& t, std::string_view s)
{
	std::scoped_lock l(t.lk);
	if(t.editing) {
		t.pending += s;
		return true;
	}
	track(t, s);
	t.writing = true;
	return false;
}

size_t
pendingbytes(Term& t)
{
	std::scoped_lock l(t.lk);
	return t.pending.size();
}

size_t
rawread(Term& t, Buf b)
{
	for(;;) {
		int64_t n = hostcall([&] { return ::read(t.tty, b.data(), b.size()); });
		if(n >= 0)
			return size_t(n);
		if(n != -EAGAIN && n != -EINTR)
			oserror(int(-n));
		waitfd(t.tty, false);
	}
}

void
settty(Term& t, Consmode m)
{
	termios s = found;
	if(m == Consmode::Raw) {
		s.c_lflag &= tcflag_t(~(ICANON | ECHO | ISIG | IEXTEN));
		s.c_cc[VMIN] = 1;
		s.c_cc[VTIME] = 0;
	}
	tcsetattr(t.in, TCSADRAIN, &s);
}
}

void
wakeeditor(Term& t)
{
	uint64_t one = 1;
	[[maybe_unused]] ssize_t n = ::write(t.wake, &one, sizeof one);
}

void
ttywrite(int fd, std::string_view s)
{
	while(!s.empty()) {
		ssize_t n = ::write(fd, s.data(), s.size());
		if(n > 0) {
			s.remove_prefix(size_t(n));
		} else if(n < 0 && errno == EAGAIN) {
			pollfd p{fd, POLLOUT, 0};
			poll(&p, 1, -1);
		} else if(n < 0 && errno != EINTR) {
			return;
		}
	}
}

void
pastemarks(Term& t, Marks m)
{
	bool on = m == Marks::On;
	if(t.marks.exchange(on) != on)
		ttywrite(t.out, on ? "\033[?2004h" : "\033[?2004l");
}

void
track(Term& t, std::string_view s)
{
	size_t i = s.rfind('\n');
	if(i != s.npos) {
		t.partial.clear();
		s.remove_prefix(i + 1);
	}
	t.partial += s;
	if(t.partial.size() > Maxprompt)
		t.partial.erase(0, t.partial.size() - Maxprompt);
}

bool
termactive()
{
	return term != nullptr;
}

bool
termis(int fd)
{
	return term && (fd == term->in || isatty(fd));
}

bool
termstart()
{
	const char* type = getenv("TERM");
	if(!type || !*type || std::strcmp(type, "dumb") == 0 || !isatty(0))
		return false;
	if(!isatty(1) && !isatty(2))
		return false;
	if(tcgetattr(0, &found) != 0)
		return false;
	auto t = std::make_unique<Term>();
	t->out = isatty(1) ? 1 : 2;
	t->tty = reopened(t->out, O_RDWR);
	t->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if(t->tty < 0 || t->wake < 0)
		return false;
	foundfd = t->in;
	term = t.release();
	taken = true;
	term->reader = std::make_unique<Hostreader>([] { return editline(*term); });
	term->asking = std::make_unique<Asking>(*term->reader, [] { wakeeditor(*term); });
	return true;
}

void
termrestore()
{
	if(!taken)
		return;
	tcsetattr(foundfd, TCSANOW, &found);
	pastemarks(*term, Marks::Off);
}

// False when no line is edited.
static bool
calloff(Term& t, bool interrupt)
{
	{
		std::scoped_lock l(t.lk);
		if(!t.editing)
			return false;
		t.calloff = true;
		t.interrupted |= interrupt;
	}
	wakeeditor(t);
	return true;
}

bool
terminterrupt()
{
	return term && calloff(*term, true);
}

void
termend()
{
	termrestore();
	if(!term)
		return;
	std::scoped_lock l(term->lk);
	if(term->editing)
		ttywrite(term->out, "\r\n");
	term->editing = false;
}

void
termresized()
{
	if(!term)
		return;
	{
		std::scoped_lock l(term->lk);
		term->resized = term->redraw = true;
	}
	wakeeditor(*term);
}

// The shell has set the terminal its own way meanwhile.
void
termcontinue()
{
	if(!term)
		return;
	Consmode mode;
	{
		std::scoped_lock l(term->lk);
		mode = term->mode;
	}
	if(mode == Consmode::Raw)
		settty(*term, mode);
	calloff(*term, false); // a line that was begun is read again
}

bool
termprint(std::string_view text)
{
	if(!termis(2))
		return false;
	std::unique_lock l(term->lk, std::try_to_lock);
	if(!l)
		return false;
	if(!term->editing) {
		track(*term, text);
		return false;
	}
	term->pending += text;
	l.unlock();
	wakeeditor(*term);
	return true;
}

size_t
termread(Buf b)
{
	Term& t = *term;
	for(;;) {
		bool raw;
		{
			std::scoped_lock l(t.lk);
			raw = t.mode == Consmode::Raw;
			t.command = up().completer != nullptr;
		}
		if(raw)
			return rawread(t, b);
		if(auto n = t.reader->read(b))
			return *n;
	}
}

size_t
termwrite(Bytes b)
{
	Term& t = *term;
	std::string_view s(reinterpret_cast<const char*>(b.data()), b.size());
	std::scoped_lock turn(t.turn);
	if(leave(t, s)) {
		wakeeditor(t);
		while(pendingbytes(t) > Maxpending)
			tsleep(5);
		return b.size();
	}
	Piece p(t);
	p.write(s);
	return b.size();
}

void
termmode(Consmode m)
{
	Term& t = *term;
	{
		std::scoped_lock l(t.lk);
		t.mode = m;
	}
	calloff(t, false);
	settty(t, m);
}
}
