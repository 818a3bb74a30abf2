// The thread that edits lines with libedit, whose callbacks these are.  The terminal is
// its own while it does; what others want written it takes from a list.

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <cwchar>

#include "emu/termstate.h"
#include "lib9/utf.h"

namespace p9 {

namespace {

constexpr std::chrono::milliseconds Patience{300}; // with a Tab, when somebody types on
constexpr std::string_view Eraseline = "\r\033[J";

Term&
owner(EditLine* el)
{
	void* t = nullptr;
	el_wget(el, EL_CLIENTDATA, &t);
	return *static_cast<Term*>(t);
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
narrow(std::wstring_view w)
{
	std::string s;
	for(wchar_t c : w)
		encode(char32_t(c), s);
	return s;
}

// The text as a prompt: libedit takes a tab for nothing.
std::wstring
promptof(std::string_view s)
{
	std::wstring w;
	for(char32_t r : runes(s))
		if(r == '\t')
			w.append(8 - w.size() % 8, L' ');
		else
			w += wchar_t(r);
	return w;
}

wchar_t*
getprompt(EditLine* el)
{
	return owner(el).prompt.data();
}

winsize
screen(const Term& t)
{
	winsize w = {};
	if(ioctl(t.out, TIOCGWINSZ, &w) != 0 || w.ws_col == 0)
		w.ws_col = 80;
	if(w.ws_row == 0)
		w.ws_row = 24;
	return w;
}

// Where the cursor stands after s, in a row of width; rows are counted in row.
size_t
passed(std::wstring_view s, size_t width, size_t col, size_t& row)
{
	for(wchar_t c : s) {
		int w = wcwidth(c);
		size_t n = w < 0 ? 2 : size_t(w); // ^X for a control character
		if(c == L'\t')
			n = 8 - col % 8;
		if(col + n > width) {
			row++;
			col = 0;
		}
		col += n;
	}
	return col;
}

// Goes to the beginning of the line that is edited, which may take several rows, and
// erases it.
void
eraseedited(Term& t)
{
	size_t width = screen(t).ws_col, row = 0;
	const LineInfoW* li = el_wline(t.el);
	size_t col = passed(t.prompt, width, 0, row);
	std::wstring_view line(li->buffer, size_t(li->cursor - li->buffer));
	if(passed(line, width, col, row) == width)
		row++;
	if(row > 0)
		ttywrite(t.out, "\033[" + std::to_string(row) + "A");
	ttywrite(t.out, Eraseline);
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
	eraseedited(t);
	ttywrite(t.out, text);
	el_wset(t.el, EL_REFRESH);
	return true;
}

// libedit's next character: 1, or 0 when there is none any more.
int
getkey(EditLine* el, wchar_t* key)
{
	Term& t = owner(el);
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
		if(r == '\r' || r == '\n')
			pastemarks(t, Marks::Off); // the line ends, no doubt
		return 1;
	}
}

std::string
beforecursor(EditLine* el)
{
	const LineInfoW* li = el_wline(el);
	return narrow({li->buffer, size_t(li->cursor - li->buffer)});
}

// The answer to what was asked; nothing when the line is called off, or when somebody
// types on and it takes too long.  What he types stays for getkey.
std::optional<Completion>
awaitanswer(Term& t)
{
	using Clock = std::chrono::steady_clock;
	Clock::time_point last = Clock::now() + Patience;
	bool typed = false;
	for(;;) {
		if(auto c = t.asking->answer())
			return c;
		auto left = std::chrono::ceil<std::chrono::milliseconds>(last - Clock::now());
		if(typed && left.count() <= 0)
			break;
		pollfd p[2] = {{t.wake, POLLIN, 0}, {t.in, POLLIN, 0}};
		if(poll(p, typed ? 1 : 2, typed ? int(left.count()) : -1) < 0)
			continue;
		typed = typed || p[1].revents;
		if(p[0].revents && !attend(t)) {
			wakeeditor(t); // getkey must see that, too
			break;
		}
	}
	t.asking->drop();
	return {};
}

unsigned char
insert(EditLine* el, const std::wstring& s)
{
	return el_winsertstr(el, s.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

// The first Tab adds what is certain, the next one shows what there is.
unsigned char
tabkey(EditLine* el, wint_t)
{
	Term& t = owner(el);
	std::string line = beforecursor(el);
	if(t.pasting || line.find_first_not_of(" \t") == line.npos)
		return insert(el, L"\t");
	bool again = std::exchange(t.tabbed, line) == line;
	t.asking->ask(line);
	std::optional<Completion> c = awaitanswer(t);
	if(!c)
		return CC_NORM;
	std::string was = line.substr(line.size() - std::min(c->drop, line.size()));
	if(c->text != was) {
		el_wdeletestr(el, int(utflen(was)));
		unsigned char how = insert(el, wide(c->text));
		t.tabbed = beforecursor(el);
		return how;
	}
	if(!again || c->choices.size() < 2)
		return CC_ERROR; // rings the bell
	winsize w = screen(t);
	eraseedited(t);
	ttywrite(t.out, columns(c->choices, w.ws_col, w.ws_row));
	el_wset(el, EL_REFRESH);
	return CC_NORM;
}

unsigned char
pastebegins(EditLine* el, wint_t)
{
	owner(el).pasting = true;
	return CC_NORM;
}

unsigned char
pasteends(EditLine* el, wint_t)
{
	owner(el).pasting = false;
	return CC_NORM;
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
		t.prompt = promptof(t.partial);
		hasprompt = !t.partial.empty();
	}
	t.tabbed.clear();
	el_wset(t.el, EL_PREP_TERM, 1); // who sees the prompt may type any key
	pastemarks(t, Marks::On);
	if(hasprompt)
		ttywrite(t.out, Eraseline);
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
	pastemarks(t, Marks::Off);
	if(newline)
		ttywrite(t.out, "\r\n");
	ttywrite(t.out, text);
	if(end != End::Done)
		t.pasting = false;
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
	history_w(t.hist, &ev, H_SETSIZE, int(Historyfile::Maxlines));
	history_w(t.hist, &ev, H_SETUNIQUE, 1);
	for(const std::string& line : t.file.load())
		history_w(t.hist, &ev, H_ENTER, wide(line + '\n').c_str());
	el_wset(t.el, EL_CLIENTDATA, &t);
	el_wset(t.el, EL_SIGNAL, 0);
	el_wset(t.el, EL_EDITOR, L"emacs");
	el_wset(t.el, EL_PROMPT, getprompt);
	el_wset(t.el, EL_HIST, history_w, t.hist);
	el_wset(t.el, EL_GETCFN, getkey);
	el_wset(t.el, EL_BIND, L"^R", L"em-inc-search-prev", nullptr);
	el_wset(t.el, EL_ADDFN, L"emu-tab", L"Complete the word", tabkey);
	el_wset(t.el, EL_BIND, L"^I", L"emu-tab", nullptr);
	el_wset(t.el, EL_ADDFN, L"emu-paste", L"A paste begins", pastebegins);
	el_wset(t.el, EL_BIND, L"\\e[200~", L"emu-paste", nullptr);
	el_wset(t.el, EL_ADDFN, L"emu-pasted", L"A paste ends", pasteends);
	el_wset(t.el, EL_BIND, L"\\e[201~", L"emu-pasted", nullptr);
	return true;
}

// Lines that begin with a blank are nobody's business later; what a program reads is
// no command, and is kept for this session only.
void
remember(Term& t, const std::string& line)
{
	std::string_view s(line);
	if(s.ends_with('\n'))
		s.remove_suffix(1);
	if(s.empty() || s[0] == ' ' || s[0] == '\t')
		return;
	HistEventW ev;
	history_w(t.hist, &ev, H_ENTER, wide(std::string(s) + '\n').c_str());
	bool keep;
	{
		std::scoped_lock l(t.lk);
		keep = t.command;
	}
	if(keep && s != t.lastkept) {
		t.file.append(s);
		t.lastkept = s;
	}
}

}

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
	remember(t, line);
	return line;
}
}
