// The programs for text, where their case files cannot look: statuses, notes, what is
// left in a pipe, and the order of many lines against the standard library's.

#include <algorithm>
#include <array>
#include <random>

#include "cmd/sort/sort.h"
#include "lib9/quote.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

// A program between two pipes.
class Piped {
	int pid = 0;
	Fd to;
	Fd from;

public:
	explicit Piped(const Argv& argv)
	{
		auto [inr, inw] = pipe();
		auto [outr, outw] = pipe();
		std::array fds = {int(inr), int(outw), int(inw), int(outr)};
		pid = rfork(RFFDG | RFNOTEG, [fds, argv] {
			dup(fds[0], 0).release();
			dup(fds[1], 1).release();
			for(int fd : fds)
				close(fd);
			exec("/bin/" + argv[0], argv);
		});
		to = std::move(inw);
		from = std::move(outr);
	}
	void put(std::string_view s) { write(to, s); }
	std::string get()
	{
		std::array<std::byte, 512> buf;
		return std::string(textof(std::span(buf).first(read(from, buf))));
	}
	void note(std::string_view n) { postnote(pid, n); }
	std::string end()
	{
		close(std::move(to));
		std::string msg = wait().msg;
		size_t colon = msg.find(": ");
		return colon == msg.npos ? msg : msg.substr(colon + 2);
	}
};

std::vector<std::string>
randomlines(unsigned seed, size_t n)
{
	std::mt19937 rnd(seed);
	std::vector<std::string> v(n);
	for(std::string& s : v)
		for(size_t len = rnd() % 40; s.size() < len;)
			s += "ab\0\xff "[rnd() % (s.size() > 20 ? 1 : 5)];
	return v;
}

std::string
joined(const std::vector<std::string>& v)
{
	std::string s;
	for(const std::string& l : v)
		s += l + "\n";
	return s;
}
}

TEST(sort, the_order_is_that_of_a_stable_sort)
{
	for(unsigned seed = 0; seed < 40; seed++) {
		std::vector<std::string> v = randomlines(seed, seed * 100);
		std::vector<std::string_view> texts(v.begin(), v.end());
		for(bool reverse : {false, true}) {
			std::vector<uint32_t> want(v.size());
			for(uint32_t i = 0; i < v.size(); i++)
				want[i] = i;
			std::ranges::stable_sort(want, [&](uint32_t a, uint32_t b) {
				return reverse ? v[a] > v[b] : v[a] < v[b];
			});
			std::vector<uint32_t> got = textorder(texts, reverse);
			// Equal texts cannot be told apart when all is turned round.
			for(size_t i = 0; i < v.size(); i++)
				ASSERT_EQ(v[got[i]], v[want[i]]) << seed;
			EXPECT_TRUE(reverse || got == want) << seed;
		}
	}
}

TEST(sort, a_long_common_beginning_is_no_recursion)
{
	std::string a(10'000'000, 'x');
	std::string b = a + "y";
	std::vector<std::string_view> v(50, b);
	v.push_back(a);
	EXPECT_EQ(textorder(v, false)[0], 50u);
}

TEST(sort, numbers_have_keys_in_their_order)
{
	const char* order[] = {"-1e99999999999", "-1e10", "-100.5", "-100", "-99.5", "-.5", "-1e-5",
		"x", "1e-99999999999", "1e-5", ".04", "0.5", "1", "1.25", "9", "10", "1e3",
		"12345678901234567890", "1e9999999999"};
	Sortspec spec;
	spec.global.flags = Sortg;
	std::string last;
	for(const char* s : order) {
		std::string key;
		sortkey(spec, s, key);
		EXPECT_LT(last, key) << s;
		last = key;
	}
	std::string same;
	sortkey(spec, " +0012345678901234567890.00 z", same);
	std::string key;
	sortkey(spec, "12345678901234567890", key);
	EXPECT_EQ(same, key);
}

PTEST(sort, files_on_disk_and_memory_give_the_same)
{
	stdns();
	writefile("/tmp/in", joined(randomlines(7, 3000)));
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	for(const char* flags : {"-m", "-r", "-f", "-u", "-uf", "-nr"}) {
		EXPECT_EQ(run({"sort", flags, "-o", "/tmp/a", "/tmp/in"}).status, "");
		// Three levels of files, merged by the way.
		EXPECT_EQ(run({"sort", flags, "-l", "2", "-T", "/tmp/d", "-o", "/tmp/b",
			       "/tmp/in"}).status, "");
		EXPECT_EQ(readfile("/tmp/a"), readfile("/tmp/b")) << flags;
		EXPECT_TRUE(dirreadall("/tmp/d").empty()) << flags;
	}
}

PTEST(sort, the_output_may_be_the_input)
{
	stdns();
	writefile("/tmp/a", "b\na\n");
	EXPECT_EQ(run({"sort", "/tmp/a", "-o", "/tmp/a"}).status, "");
	EXPECT_EQ(readfile("/tmp/a"), "a\nb\n");
	EXPECT_EQ(run({"sort", "-l", "1", "-r", "/tmp/a", "-o/tmp/a"}).status, "");
	EXPECT_EQ(readfile("/tmp/a"), "b\na\n");
}

PTEST(sort, another_machines_temporary_files_are_left_alone)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	for(int pid = 0; pid < 100; pid++)
		writefile("/tmp/d/sort.00" + std::to_string(pid / 10) +
				  std::to_string(pid % 10) + ".0000", "mine");
	EXPECT_EQ(run({"sort", "-l", "1", "-T", "/tmp/d"}, "b\na\n").out, "a\nb\n");
	for(const Dir& d : dirreadall("/tmp/d"))
		EXPECT_EQ(readfile("/tmp/d/" + d.name), "mine");
}

PTEST(sort, a_note_leaves_no_temporary_files)
{
	stdns();
	close(create("/tmp/d", OREAD, DMDIR | 0777));
	Piped p({"sort", "-l", "1", "-T", "/tmp/d"});
	p.put("b\na\nc\n");
	while(dirreadall("/tmp/d").size() < 3)
		sleep(10);
	p.note("interrupt");
	EXPECT_EQ(p.end(), "interrupt");
	for(int i = 0; i < 100 && !dirreadall("/tmp/d").empty(); i++)
		sleep(10);
	EXPECT_TRUE(dirreadall("/tmp/d").empty());
}

PTEST(sort, statuses)
{
	stdns();
	Ran r = run({"sort", "-c"}, "b\na\n");
	EXPECT_EQ(r.err, "sort: -c file not in sort\n");
	EXPECT_EQ(r.status, "order");
	EXPECT_EQ(run({"sort", "-c"}, "a\nb\n").status, "");
	r = run({"sort", "/env/no"});
	EXPECT_EQ(r.err, "sort: open /env/no: file does not exist: '/env/no'\n");
	EXPECT_EQ(r.status, "open");
	EXPECT_EQ(run({"sort", "-o", "/no/x"}, "a\n").status, "create");
	EXPECT_EQ(run({"sort", "-x"}).status, "option");
	r = run({"sort"}, "b\na");
	EXPECT_EQ(r.out, "a\nb\n");
	EXPECT_EQ(r.err, "sort: newline added\n");
}

PTEST(cmp, statuses)
{
	stdns();
	writefile("/tmp/a", "abc\n");
	writefile("/tmp/b", "abd\n");
	writefile("/tmp/c", "ab");
	EXPECT_EQ(run({"cmp", "/tmp/a", "/tmp/b"}).status, "differ");
	EXPECT_EQ(run({"cmp", "-s", "/tmp/a", "/tmp/b"}).status, "differ");
	EXPECT_EQ(run({"cmp", "-l", "/tmp/a", "/tmp/b"}).status, "");
	Ran r = run({"cmp", "/tmp/a", "/tmp/c"});
	EXPECT_EQ(r.out, "EOF on /tmp/c after 2 bytes\n");
	EXPECT_EQ(r.status, "EOF");
	EXPECT_EQ(run({"cmp", "/tmp/a", "/tmp/no"}).status, "open");
	r = run({"cmp", "/tmp/a", "/fd/0", "0", "4"}, "x");
	EXPECT_EQ(r.err.substr(0, 23), "cmp: /fd/0: seek by 4: ");
	EXPECT_EQ(r.status, "seek");
	EXPECT_EQ(run({"cmp", "/tmp/a", "/tmp/b", "-1"}).status, "usage");
}

PTEST(read, takes_no_byte_too_many)
{
	stdns();
	auto [r, w] = pipe();
	write(w, "one\ntwo\nthré€x");
	postfd("line", std::move(r));
	auto next = [](Argv argv) {
		argv.push_back("/srv/line");
		return run(argv);
	};
	EXPECT_EQ(next({"read"}).out, "one\n");
	EXPECT_EQ(next({"read", "-c", "2"}).out, "tw");
	EXPECT_EQ(next({"read"}).out, "o\n");
	EXPECT_EQ(next({"read", "-r", "5"}).out, "thré€");
	close(std::move(w));
	Ran last = next({"read", "-n", "3"});
	EXPECT_EQ(last.out, "x");
	EXPECT_EQ(last.status, "eof");
}

PTEST(tee, copies_what_there_is_before_it_waits_for_more)
{
	stdns();
	Piped p({"tee", "/tmp/a"});
	p.put("one\n");
	EXPECT_EQ(p.get(), "one\n");
	EXPECT_EQ(readfile("/tmp/a"), "one\n");
	p.note("interrupt");
	EXPECT_EQ(p.end(), "interrupt");
}

PTEST(tee, with_i_goes_on_after_an_interrupt)
{
	stdns();
	Piped p({"tee", "-i", "/tmp/a"});
	p.put("one\n");
	EXPECT_EQ(p.get(), "one\n");
	p.note("interrupt");
	sleep(100);
	p.put("two\n");
	EXPECT_EQ(p.get(), "two\n");
	EXPECT_EQ(p.end(), "");
	EXPECT_EQ(readfile("/tmp/a"), "one\ntwo\n");
}

PTEST(tr, translates_what_there_is_before_it_waits_for_more)
{
	stdns();
	Piped p({"tr", "a-z", "A-Z"});
	p.put("one\n\xc3");
	EXPECT_EQ(p.get(), "ONE\n");
	p.put("\xa9");
	EXPECT_EQ(p.get(), "é");
	EXPECT_EQ(p.end(), "");
}

PTEST(tail, f_prints_what_is_appended_until_it_is_interrupted)
{
	stdns();
	writefile("/tmp/a", "one\ntwo\n");
	Piped p({"tail", "-1f", "/tmp/a"});
	EXPECT_EQ(p.get(), "two\n");
	Fd fd = open("/tmp/a", OWRITE);
	pwrite(fd, std::as_bytes(std::span(std::string_view("three"))), 8);
	EXPECT_EQ(p.get(), "three");
	// A file that was cut is printed anew.
	writefile("/tmp/a", "new\n");
	EXPECT_EQ(p.get(), "new\n");
	p.note("interrupt");
	EXPECT_EQ(p.end(), "interrupt");
}

PTEST(tail, f_waits_at_the_end_of_an_empty_file)
{
	stdns();
	writefile("/tmp/a", "");
	Piped p({"tail", "-f", "/tmp/a"});
	writefile("/tmp/a", "x\n");
	EXPECT_EQ(p.get(), "x\n");
	p.note("interrupt");
	EXPECT_EQ(p.end(), "interrupt");
}

PTEST(touch, sets_any_time_that_a_file_can_have)
{
	stdns();
	for(const char* t : {"0", "1", "0x10", "010", "4294967294"}) {
		EXPECT_EQ(run({"touch", "-t", t, "/tmp/a"}).status, "");
		EXPECT_EQ(stat("/tmp/a").mtime, *parseint(t)) << t;
	}
	for(const char* t : {"-1", "4294967295", "x", "1x", ""})
		EXPECT_EQ(run({"touch", "-t", t, "/tmp/a"}).status, "usage") << t;
	EXPECT_EQ(stat("/tmp/a").mtime, 4294967294u);
}

PTEST(seq, an_interrupt_ends_one_without_end)
{
	stdns();
	Piped p({"seq", "1", "inf"});
	EXPECT_EQ(p.get().substr(0, 6), "1\n2\n3\n");
	p.note("interrupt");
	EXPECT_EQ(p.end(), "interrupt");
}
}
