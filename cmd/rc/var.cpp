// Variables, and how they come from and go to /env.

#include "cmd/rc/shell.h"
#include "lib9/error.h"

namespace p9 {

Vars::Local*
Vars::local(std::string_view name)
{
	for(size_t i = locals.size(); i > base; i--)
		if(locals[i - 1].name == name)
			return &locals[i - 1];
	return nullptr;
}

// Copies of a Shell share the table until one of them changes it.
void
Vars::unshare()
{
	if(table->ref == 1)
		return;
	Ref<Table> t = mk<Table>();
	t->m = table->m;
	t->changed = table->changed;
	table = std::move(t);
}

Vars::Var&
Vars::own(std::string_view name)
{
	unshare();
	table->changed = true;
	auto it = table->m.find(name);
	if(it == table->m.end())
		it = table->m.try_emplace(std::string(name)).first;
	return it->second;
}

Val
Vars::get(std::string_view name) const
{
	if(const Local* l = const_cast<Vars*>(this)->local(name))
		return l->val;
	if(name == "status")
		return stat;
	auto it = table->m.find(name);
	return it == table->m.end() ? Val() : it->second.val;
}

void
Vars::set(std::string_view name, Words w, Change change)
{
	if(Local* l = local(name)) {
		l->val = value(std::move(w));
		l->changed = true;
		return;
	}
	if(name == "status") {
		stat = value(std::move(w));
		statchanged = change == Changed;
		return;
	}
	Var& v = own(name);
	v.val = value(std::move(w));
	v.changed = change == Changed;
}

Ref<Func>
Vars::func(std::string_view name) const
{
	auto it = table->m.find(name);
	return it == table->m.end() ? Ref<Func>() : it->second.fn;
}

void
Vars::setfunc(std::string_view name, Ref<Func> fn)
{
	if(!fn && !func(name))
		return;
	Var& v = own(name);
	v.fn = std::move(fn);
	v.fnchanged = true;
}

void
Vars::push(std::string_view name, Words w)
{
	locals.push_back({std::string(name), value(std::move(w))});
}

// /env holds the local's value, perhaps: what it hid must be written again.
void
Vars::pop()
{
	Local l = std::move(locals.back());
	locals.pop_back();
	base = std::min(base, locals.size());
	if(Local* hid = local(l.name))
		hid->changed = true;
	else if(l.name == "status")
		statchanged = true;
	else if(!l.changed)
		own(l.name).changed = true;
}

std::string
Vars::status() const
{
	return stat ? stat->w[0] : "";
}

void
Vars::setstatus(std::string_view s)
{
	if(stat && stat->w.size() == 1 && stat->w[0] == s)
		return;
	stat = value({std::string(s)});
	statchanged = true;
}

// A list may be longer than the environment takes: then programs do not see it, and rc
// says so.  Arguments nobody meant to export.
static void
writeenv(const std::string& name, const std::string& text, std::string& failed)
{
	try {
		putenv(name, text);
	} catch(const Error& e) {
		if(name != "*")
			failed += "rc: can't export " + name + ": " + e.reason() + '\n';
	}
}

static std::string
envtext(const Val& v)
{
	std::string s;
	for(const std::string& w : words(v)) {
		s += w;
		s += '\0';
	}
	return s;
}

std::string
fntext(std::string_view name, const Func& fn)
{
	return "fn " + quoteword(name) + ' ' + fn.text + '\n';
}

std::string
Vars::update()
{
	std::string failed;
	if(table->changed) {
		unshare();
		table->changed = false;
		for(auto& [name, v] : table->m) {
			if(std::exchange(v.changed, false))
				writeenv(name, envtext(v.val), failed);
			if(std::exchange(v.fnchanged, false))
				writeenv("fn#" + name, v.fn ? fntext(name, *v.fn) : "",
					 failed);
		}
	}
	if(std::exchange(statchanged, false))
		writeenv("status", envtext(stat), failed);
	for(Local& l : locals)
		if(std::exchange(l.changed, false))
			writeenv(l.name, envtext(l.val), failed);
	return failed;
}

void
Shell::import()
{
	std::vector<Dir> dir;
	try {
		dir = dirreadall("/env");
	} catch(const Error& e) {
		message("rc: can't open: " + e.text() + '\n');
	}
	for(const Dir& d : dir) {
		if(d.name.starts_with("fn#") || d.name == "status")
			continue;
		if(std::optional<std::string> text = getenv(d.name)) {
			Words w;
			split(*text, "", w);
			if(!w.empty())
				vars.set(d.name, std::move(w), Vars::Imported);
		}
	}
}
}
