// dd(1).

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "cmd/cmds.h"
#include "cmd/ebcdic.h"
#include "cmd/prog.h"
#include "cmd/progress.h"

namespace p9 {

namespace {

// What is done with lines or records, and whether between the codes.
enum class Form { Plain, Block, Unblock, Ascii, Ebcdic, Ibm };

struct Options {
	std::optional<std::string> in;
	std::optional<std::string> out;
	int64_t bs = 0;	// both, whatever they are
	int64_t ibs = 512;
	int64_t obs = 512;
	int64_t cbs = 0;
	int64_t skip = 0;
	int64_t iseek = 0;
	int64_t oseek = 0;
	int64_t count = 0;	// 0: all
	int64_t files = 1;
	bool trunc = true;
	bool quiet = false;
	Form form = Form::Plain;
	bool lower = false;
	bool upper = false;
	bool swab = false;
	bool noerror = false;
	bool sync = false;

	bool converts() const { return form != Form::Plain || lower || upper; }
};

constexpr int64_t Most = INT32_MAX;	// of a size

[[noreturn]] void
die(const std::string& what, std::string_view status)
{
	fprint(2, "dd: " + what + "\n");
	exits(status);
}

// 2k, 4m, 3b are multiples of 1024, 1048576, 512; 3x5k is a product.
int64_t
number(std::string_view s, int64_t most)
{
	uint64_t n = 0;
	bool over = false;
	auto times = [&](uint64_t k) { over |= __builtin_mul_overflow(n, k, &n); };
	for(; !s.empty() && s[0] >= '0' && s[0] <= '9'; s.remove_prefix(1)) {
		times(10);
		over |= __builtin_add_overflow(n, uint64_t(s[0] - '0'), &n);
	}
	for(; !s.empty() && !over; s.remove_prefix(1)) {
		if(s[0] == 'k')
			times(1024);
		else if(s[0] == 'm')
			times(1 << 20);
		else if(s[0] == 'g')
			times(1 << 30);
		else if(s[0] == 'b')
			times(512);
		else if(s[0] == 'x') {
			times(uint64_t(number(s.substr(1), INT64_MAX)));
			s = s.substr(0, 1);
		} else
			die(fmt::format("invalid size suffix '{}'", s[0]), "invalid");
	}
	if(over || n > uint64_t(most))
		die(fmt::format("argument {} out of range", n), "range");
	return int64_t(n);
}

void
conversion(Options& o, std::string_view list)
{
	for(std::string_view s = list; !s.empty();) {
		size_t n = std::min(s.find(','), s.size());
		std::string_view w = s.substr(0, n);
		s.remove_prefix(std::min(n + 1, s.size()));
		if(w == "block")
			o.form = Form::Block;
		else if(w == "unblock")
			o.form = Form::Unblock;
		else if(w == "ascii")
			o.form = Form::Ascii;
		else if(w == "ebcdic")
			o.form = Form::Ebcdic;
		else if(w == "ibm")
			o.form = Form::Ibm;
		else if(w == "lcase")
			o.lower = true;
		else if(w == "ucase")
			o.upper = true;
		else if(w == "swab")
			o.swab = true;
		else if(w == "noerror")
			o.noerror = true;
		else if(w == "sync")
			o.sync = true;
		else if(!w.empty())
			die("bad conv " + std::string(list), "arg");
	}
}

void
option(Options& o, const std::string& key, const std::string& val)
{
	if(key == "-if")
		o.in = val;
	else if(key == "-of")
		o.out = val;
	else if(key == "-ibs")
		o.ibs = number(val, Most);
	else if(key == "-obs")
		o.obs = number(val, Most);
	else if(key == "-bs")
		o.bs = number(val, Most);
	else if(key == "-cbs")
		o.cbs = number(val, Most);
	else if(key == "-skip")
		o.skip = number(val, INT64_MAX);
	else if(key == "-iseek")
		o.iseek = number(val, INT64_MAX);
	else if(key == "-oseek" || key == "-seek")
		o.oseek = number(val, INT64_MAX);
	else if(key == "-count")
		o.count = number(val, INT64_MAX);
	else if(key == "-files")
		o.files = number(val, Most);
	else if(key == "-trunc")
		o.trunc = number(val, Most) != 0;
	else if(key == "-quiet")
		o.quiet = number(val, Most) != 0;
	else if(key == "-conv")
		conversion(o, val);
	else
		die("bad arg: " + key, "arg");
}

Options
options(const Argv& argv)
{
	Options o;
	for(size_t i = 1; i < argv.size(); i += 2) {
		if(i + 1 == argv.size())
			die("arg " + argv[i] + " needs a value", "arg");
		option(o, argv[i], argv[i + 1]);
	}
	if(o.bs != 0)
		o.ibs = o.obs = o.bs;
	if(o.ibs == 0 || o.obs == 0)
		die("counts: cannot be zero", "counts");
	return o;
}

class Copier {
	const Options o;
	Fd in;
	Fd out;
	std::vector<std::byte> obuf;	// what waits to be a record
	int64_t col = 0;	// of the line (block) or record (unblock)
	int64_t blanks = 0;	// that unblock holds back
	uint64_t fullin = 0;
	uint64_t partin = 0;
	uint64_t fullout = 0;
	uint64_t partout = 0;
	uint64_t cut = 0;	// records that were too long
	Progress bar;

public:
	explicit Copier(const Options& opt);
	void run();

private:
	void position();
	int64_t readrecord(Buf b);
	void record(Bytes b);
	void put(std::byte c);
	void convert(std::byte c);
	void block(std::byte c, bool newline);
	void unblock(std::byte c);
	std::byte fold(std::byte c) const;
	std::byte coded(std::byte c) const;
	void flush(Bytes b);
	[[noreturn]] void fail(const std::string& what, const Error& e);
	void summary();
};

Copier::Copier(const Options& opt)
    : o(opt), bar("dd", o.count > 0 && o.count < INT64_MAX / o.ibs ? o.count * o.ibs : 0)
{
	try {
		in = o.in ? open(*o.in, OREAD) : dup(0);
	} catch(const Error& e) {
		die("open " + o.in.value_or("<stdin>") + ": " + e.text(), "open");
	}
	try {
		if(!o.out)
			out = dup(1);
		else
			out = o.trunc ? create(*o.out, OWRITE, 0664)
				      : open(*o.out, OWRITE);
	} catch(const Error& e) {
		die("create " + o.out.value_or("<stdout>") + ": " + e.text(), "create");
	}
}

void
Copier::position()
{
	int64_t to;
	if(__builtin_mul_overflow(o.obs, o.oseek, &to))
		die("-oseek out of range", "range");
	if(to != 0)
		seek(out, to, 1);
	if(__builtin_mul_overflow(o.ibs, o.iseek, &to))
		die("-iseek out of range", "range");
	if(to != 0)
		seek(in, to, 1);
}

void
Copier::summary()
{
	bar.clear();
	if(o.quiet)
		return;
	std::string s = fmt::format("{}+{} records in\n{}+{} records out\n", fullin,
				    partin, fullout, partout);
	if(cut > 0)
		s += fmt::format("{} truncated records\n", cut);
	fprint(2, s);
}

void
Copier::fail(const std::string& what, const Error& e)
{
	bar.clear();
	fprint(2, "dd: " + what + ": " + e.text() + "\n");
	summary();
	exits("errors");
}

void
Copier::flush(Bytes b)
{
	if(b.empty())
		return;
	try {
		writeall(out, b);
	} catch(const Error& e) {
		fail("write " + o.out.value_or("stdout"), e);
	}
	if(int64_t(b.size()) == o.obs)
		fullout++;
	else
		partout++;
	bar.step(b.size());
}

void
Copier::put(std::byte c)
{
	obuf.push_back(c);
	if(int64_t(obuf.size()) == o.obs) {
		flush(obuf);
		obuf.clear();
	}
}

// Lines become records of cbs bytes.
void
Copier::block(std::byte c, bool newline)
{
	if(newline) {
		for(; col < o.cbs; col++)
			put(coded(std::byte{' '}));
		col = 0;
		return;
	}
	cut += col == o.cbs;
	if(++col <= o.cbs)
		put(c);
}

// Records of cbs bytes become lines, without the blanks at their ends.
void
Copier::unblock(std::byte c)
{
	if(c == std::byte{' '}) {
		blanks++;
	} else {
		for(; blanks > 0; blanks--)
			put(std::byte{' '});
		put(fold(c));
	}
	if(++col == o.cbs) {
		put(std::byte{'\n'});
		col = blanks = 0;
	}
}

std::byte
Copier::fold(std::byte c) const
{
	if(o.upper && c >= std::byte{'a'} && c <= std::byte{'z'})
		c ^= std::byte{0x20};
	if(o.lower && c >= std::byte{'A'} && c <= std::byte{'Z'})
		c ^= std::byte{0x20};
	return c;
}

std::byte
Copier::coded(std::byte c) const
{
	return o.form == Form::Ebcdic ? toebcdic(c) : o.form == Form::Ibm ? toibm(c) : c;
}

void
Copier::convert(std::byte c)
{
	bool lines = o.form == Form::Unblock || o.form == Form::Ascii;
	if(o.form == Form::Ascii)
		c = fromebcdic(c);
	if(lines && o.cbs > 0)
		return unblock(c);
	std::byte to = coded(fold(c));
	if(o.form == Form::Plain || o.cbs == 0)
		put(to);
	else
		block(to, c == std::byte{'\n'});
}

void
Copier::record(Bytes b)
{
	if(o.converts())
		for(std::byte c : b)
			convert(c);
	else if(o.ibs == o.obs)
		flush(b);
	else
		while(!b.empty()) {
			size_t n = std::min(b.size(), size_t(o.obs) - obuf.size());
			obuf.insert(obuf.end(), b.begin(), b.begin() + ptrdiff_t(n));
			b = b.subspan(n);
			if(int64_t(obuf.size()) == o.obs) {
				flush(obuf);
				obuf.clear();
			}
		}
}

// One record's bytes; 0 is the end of a file.  With noerror, what cannot be read is
// zeros.
int64_t
Copier::readrecord(Buf b)
{
	if(o.noerror || o.sync)
		std::ranges::fill(b, std::byte{0});
	try {
		return int64_t(read(in, b));
	} catch(const Error& e) {
		if(!o.noerror) {
			flush(obuf);
			fail("read " + o.in.value_or("stdin"), e);
		}
		fprint(2, "dd: read " + o.in.value_or("stdin") + ": " + e.text() + "\n");
		seek(in, o.ibs, 1);
		summary();
		return -1;
	}
}

void
Copier::run()
{
	position();
	Block b = Block::alloc(size_t(o.ibs));
	Buf buf = b.room().first(size_t(o.ibs));
	for(int64_t i = 0; i < o.skip; i++)
		read(in, buf);
	for(int64_t files = o.files;
	    o.count == 0 || int64_t(fullin + partin) != o.count;) {
		int64_t n = readrecord(buf);
		if(n == 0) {
			if(--files <= 0)
				break;
			continue;
		}
		if(n == o.ibs)
			fullin++;
		else
			partin++;
		if(o.sync)
			n = o.ibs;
		Buf got = buf.first(size_t(std::max<int64_t>(n, 0)));
		if(o.swab)
			for(size_t i = 0; i + 1 < got.size(); i += 2)
				std::swap(got[i], got[i + 1]);
		record(got);
	}
	flush(obuf);
	summary();
}
}

void
dd(Argv argv)
{
	Cmdline a(argv,
		  "[-if file] [-of file] [-ibs n] [-obs n] [-bs n] [-cbs n] [-skip n] "
		  "[-iseek n] [-oseek n] [-count n] [-files n] [-trunc n] [-quiet n] "
		  "[-conv value[,value]...]");
	Copier(options(argv)).run();
}
}
