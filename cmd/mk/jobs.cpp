// Recipes: when they start, what they are told, and what happens at their end.

#include "cmd/mk/mk.h"

#include <algorithm>
#include <charconv>

#include "cmd/prog.h"
#include "lib9/error.h"

namespace p9 {

namespace {

constexpr size_t Maxlimit = 1000;
}

void
Mkprinter::flush()
{
	std::string s = std::exchange(buf, {});
	if(s.empty())
		return;
	std::scoped_lock l(*lock);
	writeall(1, std::as_bytes(std::span(s)));
}

void
Mkprinter::complain(std::string_view s)
{
	flush();
	std::scoped_lock l(*lock);
	fprint(2, s);
}

void
Jobs::setlimit()
{
	limit = 1;
	const Wordlist& w = s.vars.get("NPROC");
	if(!w.empty()) {
		std::from_chars(w[0].data(), w[0].data() + w[0].size(), limit);
		limit = std::clamp<size_t>(limit, 1, Maxlimit);
	}
	if(s.flags.dexec)
		s.out.put("nprocs = " + std::to_string(limit) + "\n");
	slots.resize(std::max(slots.size(), limit));
	outputs.resize(slots.size());
	busy.resize(std::max(busy.size(), limit + 1));
}

// The time since the last call was spent with nrunning recipes.
void
Jobs::account()
{
	int64_t now = nsec() / 1'000'000;
	if(tick)
		busy[nrunning] += now - tick;
	tick = now;
}

void
Jobs::usage()
{
	account();
	for(size_t i = 0; i < busy.size(); i++)
		s.out.put(std::to_string(i) + ": " + std::to_string(busy[i] / 1000) +
			  "\n");
	s.out.flush();
}

void
Jobs::add(Job j)
{
	queue.push_back(std::move(j));
	if(nrunning < limit)
		schedule();
}

// Starts the next job, if there is one.
void
Jobs::schedule()
{
	if(queue.empty())
		return;
	Job j = std::move(queue.front());
	queue.pop_front();
	size_t slot = 0;
	while(slots[slot].pid)
		slot++;
	setvars(j, slot);
	if(s.flags.dexec)
		s.out.put("firing up job for target " + quotewords(j.target) + "\n");
	if(!s.flags.touch && (s.flags.dry || !j.r->is(Aquiet)))
		s.out.put(showrecipe(*j.r->recipe, s.vars));
	if(s.flags.dry || s.flags.touch)
		pretend(j);
	else
		start(std::move(j), slot);
}

// Touches a target, or says why not.
void
Jobs::touch(const Target& t)
{
	if(t.is(Target::Virtual)) {
		if(s.flags.explain)
			s.out.put("no touch of virtual '" + t.name + "'\n");
		return;
	}
	s.out.put("touch(" + t.name + ")\n");
	if(s.flags.dry)
		return;
	try {
		if(!trystat(t.name))
			return close(create(t.name, OWRITE, 0666));
		Dir d = Dir::dontcare();
		d.mtime = uint32_t(Filetimes::now());
		wstat(t.name, d);
	} catch(const Error& e) {
		s.out.complain("mk: " + t.name + ": " + e.reason() + "\n");
		error(Emkstop);
	}
}

// -n and -t: the recipe counts as run.
void
Jobs::pretend(const Job& j)
{
	for(Target* t : j.nodes) {
		if(s.flags.touch)
			touch(*t);
		t->time = Filetimes::now();
		t->setmade(Target::Made);
	}
}

void
Jobs::setvars(const Job& j, size_t slot)
{
	Mkvars& v = s.vars;
	v.setinner("target", j.target);
	v.setinner("alltarget", j.alltarget);
	v.setinner("prereq", j.prereq);
	v.setinner("newprereq", j.newprereq);
	v.setinner("stem", {j.m->stem});
	v.setinner("pid", {std::to_string(getpid())});
	v.setinner("nproc", {std::to_string(slot)});
	for(size_t i = 0; i < 10; i++)
		v.setinner("stem" + std::to_string(i),
			   {i < j.m->sub.size() ? j.m->sub[i] : ""});
}

void
Jobs::start(Job j, size_t slot)
{
	if(s.flags.dexec)
		s.out.put("recipe='" + *j.r->recipe + "'\n");
	s.out.flush();
	s.env.update(s.vars);
	Commands::Files files;
	if(limit > 1) {
		outputs[slot] = std::make_unique<Joboutput>(s.out);
		files = outputs[slot]->forcommand(outputs);
	}
	account();
	auto e = j.r->is(Anoerror) ? Commands::Onerror::Go : Commands::Onerror::Stop;
	nran++;
	slots[slot].pid = s.commands.start(*j.r->recipe, e, std::move(files));
	slots[slot].job = std::move(j);
	nrunning++;
	if(s.flags.dexec)
		s.out.put("pid for target " + quotewords(slots[slot].job.target) + " = " +
			  std::to_string(slots[slot].pid) + "\n");
}

// Says so, and removes D targets; a virtual one is no file.
void
Jobs::failed(const Job& j, size_t slot, const std::string& status)
{
	setvars(j, slot);
	std::string text = "mk: " + recipefront(showrecipe(*j.r->recipe, s.vars)) +
			   ": exit status=" + status;
	std::string why;
	bool first = true;
	for(Target* t : j.nodes) {
		if(!t->is(Target::Delete) || t->is(Target::Virtual))
			continue;
		text += (first ? ", deleting '" : " '") + t->name + "'";
		first = false;
		try {
			if(trystat(t->name))
				remove(t->name);
		} catch(const Error& e) {
			why += "mk: " + t->name + ": " + e.reason() + "\n";
		}
	}
	s.out.complain(text + "\n" + why);
}

void
Jobs::ended(size_t slot, const std::string& status)
{
	account();
	nrunning--;
	slots[slot].pid = 0;
	Job j = std::move(slots[slot].job);
	if(auto out = std::move(outputs[slot]))
		out->end();
	if(!status.empty()) {
		failed(j, slot, status);
		s.errors++;
	}
	if(!finishing)
		done(j, !status.empty());
}

bool
Jobs::wait()
{
	while(nrunning > 0) {
		std::optional<Waitmsg> m = s.commands.next();
		if(!m)
			return false;
		if(s.flags.dexec)
			s.out.put("waitup got pid=" + std::to_string(m->pid) +
				  ", status='" + m->msg + "'\n");
		size_t slot = 0;
		while(slot < slots.size() && slots[slot].pid != m->pid)
			slot++;
		if(slot == slots.size())
			continue;	// it was here before mk, or a note parted us
		ended(slot, m->msg);
		if(!m->msg.empty() && !s.flags.keep)
			error(Emkstop);
		if(nrunning < limit)
			schedule();
		return true;
	}
	return false;
}

void
Jobs::finish()
{
	queue.clear();
	finishing = true;
	while(nrunning > 0)
		try {
			if(!wait())
				return;
		} catch(const Error& e) {
			if(e.is(Emknote))
				kill(s.commands.noted());
		}
}

void
Jobs::kill(const std::string& note)
{
	for(const Slot& slot : slots)
		if(slot.pid)
			try {
				postnote(slot.pid, note);
			} catch(const Error&) {
				// It has just ended.
			}
	finish();
}
}
