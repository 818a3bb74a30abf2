// While a line is edited the terminal is libedit's: its thread alone writes there.
// What Procs write is put on a list; the thread takes the line away, writes, and
// draws it again.  Else writers take turns.  The text behind the last newline that
// was written (rc's prompt) is given to libedit as the prompt.

#include "emu/term.h"

#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <clocale>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "emu/hostreader.h"
#include "emu/oserr.h"
#include "lib9/error.h"
#include "lib9/utf.h"
#include "port/console.h"
#include "port/proc.h"

namespace p9 {

namespace {

constexpr size_t Maxprompt = 512;	// of a last line that is taken for a prompt
constexpr size_t Maxpending = 64 << 10; // bytes that wait for the editing thread
constexpr int Maxhistory = 1000;	// lines
constexpr std::string_view Eraseline = "\r\033[J";

// For signal handlers, too.
std::atomic<bool> taken{false};
termios found; // how the terminal was; written before taken is set
int foundfd;

struct Term {
	int out = 1; // the terminal
	int in = 0;
	int tty = -1;  // the same, non-blocking and ours alone
	int wake = -1; // an eventfd: look at what follows
	EditLine* el = nullptr;
	HistoryW* hist = nullptr;
	std::unique_ptr<Hostreader> reader;
	std::wstring prompt; // of the line that is edited; the thread's

	QLock turn; // of Procs that write

	std::mutex lk; // guards what follows; nobody sleeps with it held
	std::condition_variable written;
	bool writing = false; // a Proc writes to the terminal
	bool editing = false;
	std::string pending;	  // to be written by the editing thread
	std::string partial;	  // what stands on the last line
	bool calloff = false;	  // the line is to be thrown away
	bool interrupted = false; // by ^C
	bool resized = false;
	bool redraw = false;
	bool eof = false; // the terminal has hung up
	Consmode mode = Consmode::Cooked;
};

Term* term; // set once, before boot

void
wakeeditor(Term& t)
{
	uint64_t one = 1;
	[[maybe_unused]] ssize_t n = ::write(t.wake, &one, sizeof one);
}

// From the editing thread, and from where nothing else will do: may block.
void
writeall(int fd, std::string_view s)
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

std::wstring
wide(std::string_view s)
{
	std::wstring w;
	for(char32_t r : runes(s))
		w += wchar_t(r);
	return w;
}

std::string
narrow(const wchar_t* w)
{
	std::string s;
	for(; *w; w++)
		encode(char32_t(*w), s);
	return s;
}

// Requires: t.lk held.
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

wchar_t*
getprompt(EditLine*)
{
	return term->prompt.data();
}

// What others want of the editing thread; false when the line is called off.
bool
attend(Term& t)
{
	uint64_t n;
	[[maybe_unused]] ssize_t r = ::read(t.wake, &n, sizeof n);
	std::string text;
	bool draw, resize;
	{
		std::scoped_lock l(t.lk);
		if(t.calloff)
			return false;
		text.swap(t.pending);
		resize = std::exchange(t.resized, false);
		draw = std::exchange(t.redraw, false) || !text.empty();
	}
	if(resize)
		el_resize(t.el);
	if(!draw)
		return true;
	if(!text.empty() && !text.ends_with('\n'))
		text += '\n';
	writeall(t.out, Eraseline);
	writeall(t.out, text);
	el_wset(t.el, EL_REFRESH);
	return true;
}

// libedit's next character: 1, or 0 when there is none any more.
int
getkey(EditLine*, wchar_t* key)
{
	Term& t = *term;
	std::string seq;
	for(;;) {
		pollfd p[2] = {{t.in, POLLIN, 0}, {t.wake, POLLIN, 0}};
		if(poll(p, 2, -1) < 0 && errno != EINTR)
			return 0;
		if(p[1].revents && !attend(t))
			return 0;
		if(!p[0].revents)
			continue;
		char c;
		ssize_t n = ::read(t.in, &c, 1);
		if(n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if(n <= 0) {
			std::scoped_lock l(t.lk);
			t.eof = true;
			return 0;
		}
		// A ^D typed while the terminal was cooked lies in its buffer as a NUL.
		seq += c == 0 ? '\4' : c;
		if(!fullrune(seq))
			continue;
		char32_t r;
		decode(seq, r);
		*key = wchar_t(r);
		return 1;
	}
}

void
beginedit(Term& t)
{
	bool hasprompt;
	{
		std::unique_lock l(t.lk);
		t.written.wait(l, [&] { return !t.writing; });
		t.editing = true;
		t.calloff = t.mode == Consmode::Raw;
		t.prompt = wide(t.partial);
		hasprompt = !t.partial.empty();
	}
	if(hasprompt)
		writeall(t.out, Eraseline);
}

enum class End { Done, Calledoff, Interrupted };

End
endedit(Term& t, bool newline)
{
	std::string text;
	End end = End::Done;
	{
		std::scoped_lock l(t.lk);
		if(t.calloff || t.mode == Consmode::Raw)
			end = End::Calledoff;
		if(std::exchange(t.interrupted, false))
			end = End::Interrupted;
		text.swap(t.pending);
		t.partial.clear();
		track(t, text);
		t.editing = false;
	}
	if(newline)
		writeall(t.out, "\r\n");
	writeall(t.out, text);
	return end;
}

bool
startlibedit(Term& t)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	FILE* in = fdopen(dup(t.in), "r");
	FILE* out = fdopen(dup(t.out), "w");
	if(!in || !out)
		return false;
	t.el = el_init("emu", in, out, out);
	t.hist = history_winit();
	if(!t.el || !t.hist)
		return false;
	HistEventW ev;
	history_w(t.hist, &ev, H_SETSIZE, Maxhistory);
	history_w(t.hist, &ev, H_SETUNIQUE, 1);
	el_wset(t.el, EL_SIGNAL, 0);
	el_wset(t.el, EL_EDITOR, L"emacs");
	el_wset(t.el, EL_PROMPT, getprompt);
	el_wset(t.el, EL_HIST, history_w, t.hist);
	el_wset(t.el, EL_GETCFN, getkey);
	el_wset(t.el, EL_BIND, L"^R", L"em-inc-search-prev", nullptr);
	return true;
}

// The reader's thread: one line.
std::optional<std::string>
editline(Term& t)
{
	if(!t.el && !startlibedit(t))
		return {};
	beginedit(t);
	int n = 0;
	const wchar_t* w = el_wgets(t.el, &n);
	End end = endedit(t, !w);
	if(end == End::Interrupted)
		noteforeground("interrupt"); // its prompt comes on a line of its own
	if(!w) {
		if(end != End::Done)
			return "";
		return {};
	}
	std::string line = narrow(w);
	if(line.find_first_not_of(" \t\n") != line.npos) {
		HistEventW ev;
		history_w(t.hist, &ev, H_ENTER, w);
	}
	return line;
}

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
	taken = true;
	term = t.release();
	term->reader = std::make_unique<Hostreader>([] { return editline(*term); });
	return true;
}

void
termrestore()
{
	if(taken)
		tcsetattr(foundfd, TCSANOW, &found);
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
		writeall(term->out, "\r\n");
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
