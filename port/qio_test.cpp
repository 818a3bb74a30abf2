#include "port/qio.h"

#include <vector>

#include "port/os.h"
#include "tests/test.h"

namespace p9 {

namespace {

Block
block(std::string_view s)
{
	return Block::of(std::as_bytes(std::span(s)));
}

std::string
text(const Block& b)
{
	return {reinterpret_cast<const char*>(b.data().data()), b.own()};
}

std::string
readtext(Queue& q, size_t n)
{
	std::string s(n, '?');
	s.resize(q.read(std::as_writable_bytes(std::span(s))));
	return s;
}

// Empty when it has ended already.
Ref<Proc>
child(std::function<void()> fn)
{
	return procbypid(rfork(RFPROC, std::move(fn)));
}

// Until the queue has n bytes: somebody put them.
void
untillen(Queue& q, size_t n)
{
	while(q.len() < n)
		yield();
}
}

PTEST(qio, a_read_ends_at_the_end_of_a_Block)
{
	Queue q(1000);
	q.bput(block("hello"));
	q.bput(block("world"));
	EXPECT_EQ(q.len(), 10u);
	EXPECT_EQ(readtext(q, 100), "hello");
	EXPECT_EQ(readtext(q, 2), "wo");
	EXPECT_EQ(q.len(), 3u);
	EXPECT_EQ(readtext(q, 2), "rl");
	EXPECT_EQ(text(q.bget()), "d");
	EXPECT_EQ(q.len(), 0u);
}

PTEST(qio, a_message_queue_throws_the_rest_of_a_message_away)
{
	Queue q(1000, Queue::Messages);
	q.bput(block("hello"));
	q.bput(block("world"));
	EXPECT_EQ(readtext(q, 2), "he");
	EXPECT_EQ(q.len(), 5u);
	EXPECT_EQ(text(q.get(100)), "world");
}

PTEST(qio, a_large_write_is_cut_into_pieces_of_64K_but_a_Block_is_not)
{
	Queue q(10 << 20);
	std::string big(200000, 'x');
	EXPECT_EQ(q.write(std::as_bytes(std::span(big))), big.size());
	q.bput(block(big));
	for(size_t n : {65536u, 65536u, 65536u, 3392u, 200000u})
		EXPECT_EQ(q.bget().size(), n);
}

PTEST(qio, an_empty_Block_is_read_as_such)
{
	Queue q(1000);
	q.write({});
	q.bput(block("x"));
	EXPECT_EQ(readtext(q, 10), "");
	EXPECT_EQ(readtext(q, 10), "x");
}

PTEST(qio, DM_32_the_end_is_read_three_times_and_then_it_is_an_error)
{
	Queue q(1000);
	q.bput(block("last"));
	q.hangup();
	EXPECT_ERROR(q.bput(block("more")), Ehungup);
	EXPECT_EQ(readtext(q, 10), "last");
	for(int i = 0; i < 3; i++)
		EXPECT_EQ(readtext(q, 10), "");
	EXPECT_ERROR(q.bget(), Ehungup);
	EXPECT_ERROR(q.bget(), Ehungup);
	q.reopen();
	q.bput(block("again"));
	EXPECT_EQ(readtext(q, 10), "again");
}

PTEST(qio, a_hangup_with_a_reason_is_that_error_at_once)
{
	Queue q(1000);
	q.bput(block("last"));
	q.hangup("line is dead");
	EXPECT_EQ(readtext(q, 10), "last");
	EXPECT_ERROR(q.bget(), "line is dead");
}

PTEST(qio, closing_drops_what_lies_there)
{
	Queue q(1000);
	q.bput(block("lost"));
	q.close();
	EXPECT_TRUE(q.isclosed());
	EXPECT_EQ(q.len(), 0u);
	EXPECT_TRUE(q.bget().empty());
	q.produce(block("lost too"));
	Block b = block("kept");
	EXPECT_FALSE(q.tryput(b));
	EXPECT_EQ(text(b), "kept");
	EXPECT_EQ(q.len(), 0u);
}

PTEST(qio, tryput_refuses_when_the_queue_is_full_and_produce_does_not)
{
	Queue q(8);
	Block b = block("12345678");
	EXPECT_TRUE(q.tryput(b));
	b = block("9");
	EXPECT_FALSE(q.tryput(b));
	EXPECT_EQ(text(b), "9");
	q.produce(std::move(b));
	EXPECT_EQ(q.len(), 9u);
	EXPECT_EQ(text(q.bget()), "12345678");
	EXPECT_EQ(text(q.bget()), "9");
}

PTEST(qio, very_many_small_Blocks_are_too_much_too)
{
	Queue q(1 << 20);
	Block b;
	size_t n = 0;
	while(q.tryput(b = block("")))
		n++;
	EXPECT_EQ(n, size_t(Queue::Maxblocks));
}

PTEST(qio, what_is_lent_passes_whole_and_a_short_read_flattens_it)
{
	std::string mine = "payload";
	auto lend = [&mine] {
		Block b = block("head:");
		b.loan = mk<Loan>(std::as_writable_bytes(std::span(mine)));
		b.lent = mine.size();
		return b;
	};
	Queue q(1000);
	q.bput(lend());
	EXPECT_EQ(q.len(), 12u);
	Block b = q.bget(12);
	EXPECT_EQ(b.lent, 7u);
	EXPECT_TRUE(b.loan);
	q.bput(std::move(b));
	EXPECT_EQ(readtext(q, 12), "head:payload");
	q.bput(lend());
	EXPECT_EQ(text(q.bget(8)), "head:pay");
	EXPECT_EQ(text(q.bget()), "load");
	b = lend();
	b.loan->revoke();
	q.bput(std::move(b));
	EXPECT_EQ(readtext(q, 12), std::string("head:\0\0\0\0\0\0\0", 12));
}

PTEST(qio, a_writer_waits_until_what_it_put_is_within_the_limit)
{
	Queue q(10);
	bool done = false;
	child([&] {
		q.bput(block("123456"));
		q.bput(block("789012"));
		done = true;
	});
	untillen(q, 12);
	sleep(1000);
	EXPECT_FALSE(done);
	EXPECT_EQ(readtext(q, 1), "1");
	sleep(1000);
	EXPECT_FALSE(done);
	EXPECT_EQ(readtext(q, 1), "2");
	EXPECT_EQ(wait().msg, "");
	EXPECT_TRUE(done);
	EXPECT_EQ(q.len(), 10u);
	q.close();
}

PTEST(qio, a_larger_limit_lets_writers_go)
{
	Queue q(10);
	child([&q] { q.bput(Block::of(std::array<std::byte, 100>())); });
	untillen(q, 100);
	q.setlimit(100);
	EXPECT_EQ(wait().msg, "");
	q.close();
}

// Each writer's bytes come in order, all come, and nobody is left asleep.
PRACE(qio, two_writers_do_not_keep_each_other_asleep)
{
	constexpr int Nblocks = 20;
	Queue q(25);
	for(char who : {'a', 'b'})
		child([&q, who] {
			for(int i = 0; i < Nblocks; i++)
				q.bput(block(std::string(size_t(1 + i % 12), who)));
		});
	size_t want = 0, got = 0;
	for(int i = 0; i < Nblocks; i++)
		want += size_t(2 * (1 + i % 12));
	while(got < want)
		got += readtext(q, 7).size();
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(q.len(), 0u);
}

PRACE(qio, three_readers_share_what_two_writers_put)
{
	Queue q(16);
	size_t got = 0;
	for(int i = 0; i < 3; i++)
		child([&] {
			while(size_t n = readtext(q, 3).size())
				got += n;
		});
	for(int i = 0; i < 2; i++)
		child([&q] {
			for(int j = 0; j < 8; j++)
				q.bput(block("12345"));
		});
	while(got < 80)
		yield();
	q.hangup();
	for(int i = 0; i < 5; i++)
		EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(got, 80u);
}

PTEST(qio, an_interrupted_writers_Block_stays_queued)
{
	Queue q(2);
	auto p = child([&q] { EXPECT_ERROR(q.bput(block("abc")), Eintr); });
	untillen(q, 3);
	sleep(10);
	p->interrupt();
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(readtext(q, 10), "abc");
}

// The wake-up for a Block must not be lost with a reader that is interrupted.
PRACE(qio, an_interrupted_reader_passes_its_turn_on)
{
	Queue q(100);
	std::string got;
	auto first = child([&] {
		try {
			got += readtext(q, 10);
		} catch(const Error& e) {
			EXPECT_TRUE(e.is(Eintr));
			q.produce(block("2"));
		}
	});
	child([&] { got += readtext(q, 10); });
	child([&q] { q.bput(block("1")); });
	if(first)
		first->interrupt();
	EXPECT_EQ(wait().msg, "");
	EXPECT_EQ(wait().msg, "");
	q.produce(block("3")); // for the one that did not get any
	EXPECT_EQ(wait().msg, "");
	EXPECT_GE(got.size(), 1u);
	q.close();
}

PTEST(qio, DM_32_closing_frees_a_blocked_writer_with_an_error)
{
	Queue q(2);
	child([&q] { EXPECT_ERROR(q.bput(block("abc")), Ehungup); });
	untillen(q, 3);
	sleep(10);
	q.close();
	EXPECT_EQ(wait().msg, "");
}

PTEST(qio, DM_32_a_hangup_wakes_a_reader)
{
	Queue q(100);
	child([&q] { EXPECT_TRUE(q.bget().empty()); });
	sleep(10);
	q.hangup();
	EXPECT_EQ(wait().msg, "");
}

// While a reader copies the front of a Block without the lock, the queue may be closed
// and opened again; its counts stay right.
PRACE(qio, a_close_in_the_middle_of_a_short_read)
{
	Queue q(100);
	child([&] {
		q.bput(block("0123456789"));
		readtext(q, 4);
	});
	child([&] {
		q.close();
		q.reopen();
	});
	child([&] { q.produce(block("ab")); });
	wait();
	wait();
	q.hangup(); // the first may wait for what was dropped
	wait();
	q.hangup();
	size_t left = q.len(), got = 0;
	while(size_t n = readtext(q, 100).size())
		got += n;
	EXPECT_EQ(got, left);
	EXPECT_EQ(q.len(), 0u);
}

PREAL(qio, a_million_bytes_pass_between_two_workers)
{
	Queue q(4096);
	child([&q] {
		for(int i = 0; i < 20000; i++)
			q.bput(Block::of(std::array<std::byte, 50>()));
		q.hangup();
	});
	size_t got = 0;
	while(size_t n = q.bget(33).size())
		got += n;
	EXPECT_EQ(got, 1000000u);
	EXPECT_EQ(wait().msg, "");
}
}
