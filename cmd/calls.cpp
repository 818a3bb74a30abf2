#include "cmd/calls.h"

#include "cmd/prog.h"

namespace p9 {

namespace {

// The name of a program as a shell takes it: of /bin before a file of that name.
[[noreturn]] void
run(const Argv& cmd)
{
	const std::string& name = cmd[0];
	if(!name.starts_with("/") && !name.starts_with("./") && !name.starts_with("../") &&
		access("/bin/" + name, AEXIST))
		exec("/bin/" + name, cmd);
	exec(name, cmd);
}

[[noreturn]] void
serve(Netcall c, const Callee& to)
{
	try {
		if(to.welcome)
			to.welcome(c);
		writefile("#e/net", c.dir);	// its name space may have no /env
		if(access("/dev/cons", AEXIST))
			p9::bind(c.dir + "/data", "/dev/cons", MREPL);
		dup(c.data, 0).release();
		dup(c.data, 1).release();
		close(std::move(c.ctl));
		if(c.data > 1)
			close(std::move(c.data));
		else
			c.data.release();
		Argv cmd = to.cmd;
		if(to.wantsdir)
			cmd.push_back(c.dir);
		run(cmd);
	} catch(const Error& e) {
		fprint(2, to.what + ": exec: " + e.text() + "\n");
		exits("exec");
	}
}
}

Reach
takeinsecure(Argv& argv)
{
	if(argv.size() < 2 || (argv[1] != "-insecure" && argv[1] != "--insecure"))
		return Reach::Local;
	argv.erase(argv.begin() + 1);
	return Reach::Others;
}

Announced
mayannounce(const std::string& addr, Reach reach)
{
	try {
		return announce(addr, reach);
	} catch(const Error& e) {
		if(e.reason().find("say insecure") == std::string::npos)
			throw;
		error("others can reach it: say -insecure", addr);
	}
}

Announced
mustannounce(const Cmdline& a, const std::string& addr, Reach reach)
{
	try {
		return mayannounce(addr, reach);
	} catch(const Error& e) {
		a.fatal("announce " + addr + ": " + whynot(e, addr));
	}
}

// Whoever called is gone when there was no room for him; the next one may have more luck
// when others have left.
Netcall
nextcall(const Announced& a)
{
	constexpr int64_t Pause = 100;	// ms
	for(;;)
		try {
			return listen(a);
		} catch(const Error& e) {
			if(!access(a.dir + "/ctl", AEXIST) || e.is(Eintr) || e.is(Ehungup))
				throw;
			sleep(Pause);
		}
}

std::string
remotehost(const Netcall& c)
{
	std::string s = readfile(c.dir + "/remote");
	return s.substr(0, s.find_first_of("!\n"));
}

void
takecall(Announced a, const Callee& to)
{
	Netcall c = nextcall(a);
	close(std::move(a.ctl));
	serve(std::move(c), to);
}

void
takecalls(const Announced& a, const Callee& to)
{
	int flags = RFFDG | RFENVG | RFNAMEG | RFNOTEG | RFREND;
	if(to.maxprocs <= 0)
		flags |= RFNOWAIT;
	for(int busy = 0;;) {
		for(; to.maxprocs > 0 && busy >= to.maxprocs; busy--)
			wait();
		Netcall c = nextcall(a);
		// Shared with the new Proc, which has copies of the descriptors.
		auto body = [to, dir = c.dir, ctl = int(c.ctl), data = int(c.data),
				    announced = int(a.ctl)] {
			close(announced);
			serve({dir, Fd(ctl), Fd(data)}, to);
		};
		try {
			rfork(flags, body);
			busy++;
		} catch(const Error& e) {
			fprint(2, to.what + ": " + c.dir + ": " + e.text() + "\n");
		}
		close(std::move(c.data));
		close(std::move(c.ctl));
	}
}
}
