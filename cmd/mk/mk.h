// How mk makes what a Graph says: one Maker for a run of mk, in the Proc that runs it.
//
//	Maker     walks the graph and decides what is out of date; hands recipes to Jobs
//	Jobs      starts them, $NPROC at a time, and hears of their end
//	Commands  runs rc and waits for it
//	Mkenv     keeps /env as the variables are
//
// All of it is a Maker's; nothing is shared with another mk.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/mk/graph.h"
#include "cmd/mk/mkfile.h"
#include "lib9/sync.h"
#include "port/sys.h"

namespace p9 {

// The Error of a note that ends mk: Commands::noted says which.
inline constexpr std::string_view Emknote = "mk: note";

struct Mkflags {
	bool all = false;
	bool explain = false;
	bool intermediate = false;	// -i
	bool keep = false;
	bool dry = false;	// -n
	bool sequential = false;
	bool touch = false;
	bool usage = false;
	bool dparse = false;
	bool dgraph = false;
	bool dexec = false;
};

// What mk says.  Its own lines and its recipes' pass one lock, so that none is torn.
class Mkprinter {
	std::string buf;

public:
	// Held while something is written on 1 or 2.
	const std::shared_ptr<Sync::Mutex> lock{kernelsync().mutex()};

	void put(std::string_view s) { buf += s; }
	void flush();
	void complain(std::string_view s);	// on 2
};

// The environment: a copy of the group that mk began with, changed as its variables are
// before something runs in a copy of that.
class Mkenv {
	std::map<std::string, std::string> now;	// what is in /env of what mk knows

	void write(const std::string& name, const Wordlist& w);

public:
	void import(Mkvars& vars);
	void update(const Mkvars& vars);
};

// rc, run for recipes and all else, and what became of it.
class Commands {
	std::deque<Waitmsg> ended;	// children that nobody has asked for
	std::string note;

	Waitmsg waitpid(int pid);

public:
	bool debug = false;

	// The descriptors that a command has for its own 1 and 2 (-1: mk's), and those of
	// mk that are none of its business.
	struct Files {
		int out = -1;
		int err = -1;
		std::vector<int> shut;
	};
	enum class Onerror { Go, Stop };

	// Starts rc; answers its pid.
	int start(const std::string& text, Onerror e, Files files);
	int start(const std::string& text, Onerror e) { return start(text, e, Files()); }
	Mkhost::Output output(const std::string& text);
	bool succeeds(const std::string& text);
	// The next child that ended; none when there are none.
	std::optional<Waitmsg> next();

	// From now on interrupt and hangup raise Emknote in what waits.
	void catchnotes();
	// Raises it, too.
	void checknotes();
	std::string noted() { return std::exchange(note, {}); }
};

// Takes the output of a recipe to mk's own by whole lines, where several run at once.
class Joboutput {
	struct Stream;
	std::vector<std::shared_ptr<Stream>> streams;
	std::vector<Fd> into;	// the ends that the recipe writes to
	std::vector<int> all;	// both ends of all
	Commands::Files files;

	int begin(int to, const Mkprinter& p);

public:
	explicit Joboutput(const Mkprinter& p);
	Joboutput(const Joboutput&) = delete;

	// For the command.
	Commands::Files
	forcommand(const std::vector<std::unique_ptr<Joboutput>>& others) const;
	// Waits until all that the recipe wrote is written.  What it left running may
	// write on.
	void end();
};

// A recipe to be run.
struct Job {
	const Rule* r = nullptr;
	const Match* m = nullptr;
	std::vector<Target*> nodes;
	Wordlist prereq;
	Wordlist newprereq;
	Wordlist target;
	Wordlist alltarget;
};

// What a Maker and its Jobs have in common.
struct Mkstate {
	Mkflags flags;
	Mkvars vars;
	Rules rules;
	Filetimes times;
	Mkprinter out;
	Mkenv env;
	Commands commands;
	size_t errors = 0;	// of this target's making
};

class Jobs {
	struct Slot {
		int pid = 0;
		Job job;
	};

	Mkstate& s;
	const std::function<void(const Job&, bool failed)> done;
	std::deque<Job> queue;
	std::vector<Slot> slots;
	std::vector<std::unique_ptr<Joboutput>> outputs;	// by slot
	size_t limit = 1;	// $NPROC
	size_t nrunning = 0;
	std::vector<int64_t> busy;	// milliseconds with so many running
	int64_t tick = 0;
	size_t nran = 0;
	bool finishing = false;	// ends of recipes have no consequences

	void schedule();
	void pretend(const Job& j);
	void start(Job j, size_t slot);
	void ended(size_t slot, const std::string& status);
	void failed(const Job& j, size_t slot, const std::string& status);
	void setvars(const Job& j, size_t slot);
	void account();

public:
	Jobs(Mkstate& state, std::function<void(const Job&, bool)> whendone)
		: s(state), done(std::move(whendone))
	{
	}

	// Reads $NPROC.
	void setlimit();
	void add(Job j);
	size_t started() const { return nran; }
	bool idle() const { return nrunning == 0 && queue.empty(); }
	// Waits for a recipe.  False when none runs.  One that failed ends in Emkstop
	// unless mk is to keep on.
	bool wait();
	// Nothing more is started; waits for what runs.
	void finish();
	// The same, after a note to what runs.
	void kill(const std::string& note);
	void usage();	// -u
	void touch(const Target& t);
};

class Maker {
	struct Visit;
	enum class Step { Down, Done };
	enum class Compare { Cached, Again };

	Mkstate& s;
	Graph graph;
	Jobs jobs;
	std::deque<Target*> todo;	// all that they waited for is made
	std::unordered_map<std::string, bool> outdated;	// by what P programs said
	size_t ran = 0;	// recipes that had been started when times were forgotten

	void prepare(Target& root);
	bool visit(Target& t);
	Step step(Visit& v, Visit& below);
	bool begin(Visit& v);
	bool prereqs(Visit& v, Visit& below);
	Step decide(Visit& v);
	void await(const Visit& v);
	bool pretend(Visit& v);
	Step pretenders(Visit& v, Visit& below);
	void leaf(Target& t);
	void made(Target& t);
	void settled(Target& t);
	void unpretend(Target& t);
	bool outofdate(const Target& t, const Arc& a, Compare how = Compare::Cached);
	void update(Target& t, bool failed);
	void updated(const Job& j, bool failed);

	bool recipe(Target& t);
	bool norecipe(Target& t);
	void gather(Job& j, Target& t, const Arc& by);
	void gatherprereqs(Job& j);
	bool uptodate(const Target& t);
	void explain(const Target& t, const Arc& a);
	size_t nrep() const;

public:
	explicit Maker(Mkstate& state);

	void make(const std::string& name);
	// When something went wrong or a note came: waits for what runs.
	void finish() { jobs.finish(); }
	void kill(const std::string& note) { jobs.kill(note); }
	void usage() { jobs.usage(); }
};

// -d
std::string dumprules(const Rules& r, bool meta);
std::string dumpvars(const Mkvars& v);
std::string dumpgraph(Graph& g, Target& root);
}
