// Programs that notes come to: gzip(1) and time(1).

#include "port/sys.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// Starts a program with descriptor in as its standard input, errors on err, in a note
// group of its own.
int
start(Argv argv, int in, int err)
{
	return rfork(RFFDG | RFNOTEG, [argv, in, err] {
		dup(in, 0).release();
		dup(err, 2).release();
		for(int i = 3; i < 10; i++)
			try {
				close(i);
			} catch(const Error&) {
				continue;
			}
		exec("/bin/" + argv[0], argv);
	});
}
}

PTEST(gzip, a_note_takes_the_unfinished_file_away)
{
	stdns();
	chdir("/tmp");
	for(const char* program : {"gzip", "gunzip"}) {
		writefile("/tmp/x", std::string(300'000, 'x'));
		run({"gzip", "x"});
		auto [r, w] = pipe();
		int pid = start({program, "/fd/0"}, r, 2);
		close(std::move(r));
		bool pack = program == std::string("gzip");
		std::string half = readfile(pack ? "/tmp/x" : "/tmp/x.gz");
		write(w, std::string_view(half).substr(0, half.size() / 2));
		const char* out = pack ? "/tmp/0.gz" : "/tmp/0";
		while(!trystat(out))
			sleep(10);
		postnote(pid, "kill");
		EXPECT_NE(wait().msg.find("kill"), std::string::npos);
		EXPECT_FALSE(trystat(out));
	}
}

PTEST(time, an_interrupt_ends_the_command_and_is_reported)
{
	stdns();
	auto [r, w] = pipe();
	int pid = start({"time", "sleep", "1000000"}, 0, w);
	// The clock jumps when all Procs wait, the command too.
	sleep(1000);
	postnotepg(pid, "interrupt");
	std::string buf(256, ' ');
	size_t n = read(r, std::as_writable_bytes(std::span(buf)));
	buf.resize(n);
	EXPECT_NE(buf.find("r \t sleep 1000000 # status= interrupt\n"), std::string::npos)
		<< buf;
	EXPECT_NE(wait().msg.find("interrupt"), std::string::npos);
}
}
