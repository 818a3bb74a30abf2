// The end of reading ahead, when the server does not let it end.

#include "dev/mntahead.h"

#include <algorithm>

#include "lib9/error.h"
#include "port/pgrp.h"
#include "port/sysfile.h"
#include "tests/onefile.h"
#include "tests/test.h"

namespace p9 {

namespace {

constexpr size_t Io = 1024;	// what a message carries

// Runs client against a server that answers no Tflush of two reads ahead before left, and
// gets the Tclunk then.
void
unanswered(std::function<void(Ref<Chan>)> client, std::function<void()> until)
{
	bool asked = false;
	bool left = false;
	bool clunked = false;
	Scripted srv([&](Script& s) {
		s.session(Io + IOHDRSZ);
		servenew(s, Plain, 4 * Io);
		serveread(s, std::string(Io, 'a'));
		uint32_t fid = s.expect<Tread>()->fid;
		s.expect<Tread>();
		asked = true;
		std::vector<Got<Tflush>> flushes;
		for(int i = 0; i < 2; i++)
			flushes.push_back(s.expect<Tflush>());
		while(!left)
			yield();
		for(auto& f : flushes)
			s.reply(f, Rflush{});
		auto t = s.expect<Tclunk>();
		EXPECT_EQ(t->fid, fid);
		s.reply(t, Rclunk{});
		clunked = true;
		s.finish();
	});
	Ref<Chan> root = srv.attach({}, MCACHE);
	Ref<Chan> c = openfile(*root, ORDWR);
	EXPECT_EQ(readstring(*c, Io, 0), std::string(Io, 'a'));
	// The second in order is read ahead for; its reader does not wait either.
	Actor reader("reader", [&] { readstring(*c, Io, Io); }, Actor::Errors::Keep);
	while(!asked)
		yield();
	reader.note();
	reader.join();
	EXPECT_EQ(reader.failure(), Eintr);
	client(std::move(c));
	until();
	left = true;
	while(!clunked)
		yield();
	close(std::move(root));
	srv.end();
}
}

// They slept for ever, whatever note came.
PTEST(ahead, a_note_ends_a_close_or_remove_that_waits_for_a_server_that_does_not_answer)
{
	for(auto* end : {static_cast<void (*)(Ref<Chan>)>(close), chanremove})
		unanswered(
			[end](Ref<Chan> c) {
				Actor a("closer", [&] { end(std::move(c)); }, Actor::Errors::Keep);
				waituntil(a.proc(), "reads ahead");
				a.note();
				a.join();
				EXPECT_EQ(a.failure(), end == chanremove ? Eintr : "");
			},
			[] {});
}

// Who is ended by ^C takes no second one, and was waited for.
PTEST(ahead, a_Proc_that_ends_does_not_wait_for_a_server_that_does_not_answer)
{
	unanswered(
		[](Ref<Chan> c) {
			Actor("ends", [&] {
				up().poke(&Proc::fgrp, mk<Fgrp>());
				up().fgrp->add(std::move(c));
			}).join();
		},
		[] {
			while(std::ranges::any_of(procs(), [](auto& p) { return p->text == "ends"; }))
				yield();
		});
}
}
