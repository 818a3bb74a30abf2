// A line is a command and its words, as tokenize splits them; $name in a word is
// the variable's value.

#include "cmd/newns.h"

#include "lib9/error.h"
#include "lib9/quote.h"
#include "port/sys.h"

namespace p9 {

namespace {

constexpr int Maxdepth = 16; // files that read files

constexpr std::string_view Eusage = "bad usage";

struct Line {
	int flags = 0; // of bind and mount
	bool quiet = false;
	Argv words; // without the command and its flags
};

int addlines(std::string_view text, std::string_view file, int depth);

std::string
value(std::string_view name)
{
	std::string v = getenv(name).value_or("");
	return v.substr(0, v.find('\0'));
}

// A variable's name ends where a path's element does, or with what is no letter.
std::string
expand(std::string_view word)
{
	std::string s;
	for(size_t i = 0; i < word.size();) {
		if(word[i] != '$') {
			s += word[i++];
			continue;
		}
		size_t end = ++i;
		while(end < word.size() &&
		      (std::isalnum(static_cast<unsigned char>(word[end])) ||
		       word[end] == '_'))
			end++;
		s += value(word.substr(i, end - i));
		i = end;
	}
	return s;
}

Line
parseflags(const Argv& argv)
{
	Line l;
	Args a(argv);
	while(char32_t f = a.flag())
		switch(f) {
		case 'a':
			l.flags |= MAFTER;
			break;
		case 'b':
			l.flags |= MBEFORE;
			break;
		case 'c':
			l.flags |= MCREATE;
			break;
		case 'C':
			l.flags |= MCACHE;
			break;
		case 'q':
			l.quiet = true;
			break;
		default:
			error(Eusage);
		}
	if((l.flags & MORDER) == MORDER)
		error(Eusage);
	l.words = a.rest();
	return l;
}

void
need(const Argv& w, size_t least, size_t most)
{
	if(w.size() < least || w.size() > most)
		error(Eusage);
}

void
mountline(const Line& l)
{
	need(l.words, 2, 3);
	Fd fd = open(l.words[0], ORDWR);
	mount(fd, -1, l.words[1], l.flags, l.words.size() == 3 ? l.words[2] : "");
}

void
unmountline(const Argv& w)
{
	need(w, 1, 2);
	if(w.size() == 1)
		unmount("", w[0]);
	else
		unmount(w[0], w[1]);
}

int
include(const Argv& w, int depth)
{
	need(w, 1, 1);
	if(depth >= Maxdepth)
		error("too many files that read files");
	return addlines(readfile(w[0]), w[0], depth + 1);
}

// Answers how many lines of files that it read failed.
int
doline(const Argv& argv, const Line& l, int depth)
{
	const std::string& cmd = argv[0];
	if(cmd == "bind") {
		need(l.words, 2, 2);
		p9::bind(l.words[0], l.words[1], l.flags);
	} else if(cmd == "mount") {
		mountline(l);
	} else if(cmd == "unmount") {
		unmountline(l.words);
	} else if(cmd == "cd") {
		need(l.words, 1, 1);
		chdir(l.words[0]);
	} else if(cmd == "clear") {
		need(l.words, 0, 0);
		rfork(RFCNAMEG);
	} else if(cmd == ".") {
		return include(l.words, depth);
	} else {
		error("unknown command");
	}
	return 0;
}

int
tryline(const Argv& argv, std::string_view where, int depth)
{
	Line l;
	try {
		l = parseflags(argv);
		return doline(argv, l, depth);
	} catch(const Error& e) {
		if(l.quiet)
			return 0;
		fprint(2, std::string(where) + ": " + argv[0] + ": " + e.text() + "\n");
		return 1;
	}
}

int
addlines(std::string_view text, std::string_view file, int depth)
{
	int failed = 0, n = 0;
	for(std::string_view line : getfields(text, "\n", Seps::Each)) {
		n++;
		line = trim(line);
		if(line.empty() || line.starts_with('#'))
			continue;
		Argv argv;
		for(const std::string& w : tokenize(line))
			argv.push_back(expand(w));
		failed +=
			tryline(argv, std::string(file) + ":" + std::to_string(n), depth);
	}
	return failed;
}
}

int
addns(std::string_view text, std::string_view file)
{
	return addlines(text, file, 0);
}
}
