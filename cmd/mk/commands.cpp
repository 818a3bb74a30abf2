// Running rc.

#include "cmd/mk/mk.h"
#include "cmd/prog.h"
#include "lib9/error.h"

namespace p9 {

namespace {

constexpr std::string_view Shell9 = "/bin/rc";

// It may be closed already.
void
shut(int fd)
{
	try {
		close(fd);
	} catch(const Error&) {
	}
}

[[noreturn]] void
child(const std::string& text, Commands::Onerror e, const Commands::Files& files)
{
	notify(nullptr);	// mk's own
	try {
		if(files.out >= 0)
			dup(files.out, 1).release();
		if(files.err >= 0)
			dup(files.err, 2).release();
		for(int fd : files.shut)
			shut(fd);
		Argv argv{"rc"};
		if(e == Commands::Onerror::Stop)
			argv.emplace_back("-e");
		argv.emplace_back("-Ic");
		argv.push_back(text);
		exec(Shell9, std::move(argv));
	} catch(const Error& err) {
		fprint(2, "mk: " + std::string(Shell9) + ": " + err.text() + "\n");
		exits("exec");
	}
}
}

void
Commands::catchnotes()
{
	notify([this](const std::string& text) {
		if(text != "interrupt" && text != "hangup")
			return false;
		note = text;
		return true;
	});
}

void
Commands::checknotes()
{
	pollnotes();
	if(!note.empty())
		error(Emknote);
}

int
Commands::start(const std::string& text, Onerror e, Files files)
{
	if(debug)
		fprint(1, "pipecmd='" + text + "'\n");
	return rfork(RFPROC | RFFDG | RFENVG,
		     [text, e, files = std::move(files)] { child(text, e, files); });
}

std::optional<Waitmsg>
Commands::next()
{
	if(!ended.empty()) {
		Waitmsg m = std::move(ended.front());
		ended.pop_front();
		return m;
	}
	for(;;) {
		try {
			return wait();
		} catch(const Error& e) {
			if(!e.is(Eintr))
				return {};
		}
		checknotes();
	}
}

// Other children that end meanwhile are kept for next.
Waitmsg
Commands::waitpid(int pid)
{
	std::deque<Waitmsg> others;
	for(;;) {
		std::optional<Waitmsg> m = next();
		if(m && m->pid != pid) {
			others.push_back(std::move(*m));
			continue;
		}
		ended.insert(ended.end(), others.begin(), others.end());
		if(!m)
			return {pid, {}, "lost"};
		return std::move(*m);
	}
}

Mkhost::Output
Commands::output(const std::string& text)
{
	auto [from, to] = pipe();
	Files files;
	files.out = to;
	files.shut = {from, to};
	int pid = start(text, Onerror::Go, std::move(files));
	close(std::move(to));
	Mkhost::Output out;
	Block b = copybuf();
	for(;;) {
		try {
			size_t n = read(from, b.room());
			if(n == 0)
				break;
			out.text += textof(b.room().first(n));
		} catch(const Error& e) {
			if(!e.is(Eintr))
				break;
			checknotes();
		}
	}
	out.ok = waitpid(pid).msg.empty();
	return out;
}

bool
Commands::succeeds(const std::string& text)
{
	return waitpid(start(text, Onerror::Go)).msg.empty();
}
}
