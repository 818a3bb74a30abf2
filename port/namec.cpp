// A name is resolved in three parts: Elems cuts the text, Walk (port/walk.h) goes
// from Chan to Chan through mounts, and Name, which joins them, finishes as the
// caller wants it.  Nothing here holds a lock while a device is asked.

#include "port/namec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "lib9/error.h"
#include "lib9/utf.h"
#include "port/pgrp.h"
#include "port/proc.h"
#include "port/walk.h"

namespace p9 {

namespace {
constexpr size_t Maxsharp = 127; // bytes of a device and its spec

// The elements of a name, without . and empty ones; .. stays.
class Elems {
	std::array<std::string_view, 24> few;
	std::vector<std::string_view> many;
	size_t n = 0;

	void put(std::string_view elem);

public:
	bool mustbedir = false; // it ends in / or /.

	explicit Elems(std::string_view text);

	Names names() const { return {many.empty() ? few.data() : many.data(), n}; }
};

Elems::Elems(std::string_view text)
{
	while(!text.empty()) {
		size_t slash = text.find('/');
		std::string_view elem = text.substr(0, slash);
		mustbedir = slash != text.npos || elem == ".";
		if(!elem.empty() && elem != ".")
			put(elem);
		text.remove_prefix(slash == text.npos ? text.size() : slash + 1);
	}
}

void
Elems::put(std::string_view elem)
{
	if(n < few.size()) {
		few[n++] = elem;
		return;
	}
	if(many.empty())
		many.assign(few.begin(), few.end());
	many.push_back(elem);
	n++;
}

Dev&
sharpdev(std::string_view sharp)
{
	char32_t dc = 0;
	decode(sharp.substr(1), dc);
	Dev* d = devbyletter(dc);
	if(!d)
		error(Ebadsharp);
	return *d;
}

unsigned
openflags(int omode)
{
	unsigned f = 0;
	if(omode & OCEXEC)
		f |= CCEXEC;
	if(omode & ORCLOSE)
		f |= CRCLOSE;
	return f;
}

// The file that the walk has reached, for its own.
Ref<Chan>
reached(Walk& w)
{
	w.cross();
	Ref<Chan> c = w.unique();
	c->ismtpt = bool(w.mh);
	return c;
}

Ref<Chan>
openreached(Walk& w, int omode)
{
	if((omode & 3) == OEXEC && w.c->isdir())
		error(Eexecdir);
	Ref<Chan> c = reached(w);
	if(w.mh && w.mh->m.size() > 1)
		c->umh = w.mh;
	Dev& d = c->dev;
	w.c = {};
	c = d.open(std::move(c), omode & ~OCEXEC);
	c->flag |= openflags(omode);
	return c;
}

// elem, made and opened in the directory that the walk has reached.
Ref<Chan>
make(Walk& w, std::string_view elem, int omode, uint32_t perm)
{
	w.cross();
	Ref<Chan> d = w.mh ? createdir(*w.mh) : w.c;
	Ref<Chan> c = w.named(*d);
	Ref<Path> p = c->path->add(elem, {});
	Dev& dev = c->dev;
	c = dev.create(std::move(c), elem, omode & ~(OEXCL | OCEXEC), perm);
	c->path = std::move(p);
	c->flag |= openflags(omode);
	return c;
}

enum class Mask { Obey, Lift };

// A name that is being resolved.
class Name {
	std::string_view text;
	size_t prefix = 0; // bytes of text that are a device
	std::optional<Elems> e;
	std::optional<Walk> w;

	Walk start(Mask mask);
	size_t sharplen() const;
	std::string_view upto(size_t n) const;
	bool walkall();
	void mustwalk();
	bool trylast();
	Ref<Chan> createin(int omode, uint32_t perm);

public:
	explicit Name(std::string_view name, Mask mask = Mask::Obey);

	Ref<Chan> open(int omode);
	Ref<Chan> create(int omode, uint32_t perm);
	Ref<Chan> access();
	Ref<Chan> remove();
	Ref<Chan> dir();
	Tried tryopen(int omode);
	Tried tryaccess();
	Bound bind();
	Ref<Chan> mount();

	// Runs fn and gives its Errors the name as far as it was walked (NS-10).
	template <class F> auto telling(F fn)
	{
		try {
			return fn(*this);
		} catch(const Error& err) {
			if(!err.name().empty() || w->nerror == 0)
				throw;
			error(err.reason(), upto(w->nerror));
		}
	}
};

Name::Name(std::string_view name, Mask mask) : text(name)
{
	if(name.empty())
		error(Eemptyname);
	validname(name, Slash::Ok);
	w.emplace(start(mask));
	e.emplace(text.substr(prefix));
}

// NS-4: #, the letter, which may be a /, and the rest up to the next /.
size_t
Name::sharplen() const
{
	size_t n =
		text.size() < 2 ? text.size() : std::min(text.find('/', 2), text.size());
	if(n > Maxsharp)
		error(Efilename);
	return n;
}

Walk
Name::start(Mask mask)
{
	if(text[0] != '#') {
		Ref<Chan>& c = text[0] == '/' ? up().slash : up().dot;
		if(!c)
			error(Enonexist, text);
		return {c, false, Mounts::Cross};
	}
	prefix = sharplen();
	Dev& d = sharpdev(text.substr(0, prefix));
	if(mask == Mask::Obey && !up().pgrp->devallowed(d.dc))
		error(Enoattach);
	size_t letter = 1 + encode(d.dc).size();
	return {d.attach(text.substr(letter, prefix - letter)), true, Mounts::Ignore};
}

// The text up to the end of the n-th element.
std::string_view
Name::upto(size_t n) const
{
	Names v = e->names();
	if(n == 0)
		return {};
	if(n > v.size())
		return text;
	const std::string_view& elem = v[n - 1];
	return text.substr(0, size_t(elem.data() - text.data()) + elem.size());
}

// Walks by all of the name, or tells why not in w.
bool
Name::walkall()
{
	if(!w->to(e->names()))
		return false;
	if(!e->mustbedir || w->c->isdir())
		return true;
	w->why = Enotdir;
	return false;
}

void
Name::mustwalk()
{
	if(!walkall())
		error(w->why, upto(w->nerror));
}

Ref<Chan>
Name::open(int omode)
{
	mustwalk();
	return openreached(*w, omode);
}

Ref<Chan>
Name::access()
{
	mustwalk();
	return reached(*w);
}

Tried
Name::tryaccess()
{
	if(walkall())
		return {reached(*w), {}};
	return {{}, Error(w->why, upto(w->nerror)).text()};
}

Tried
Name::tryopen(int omode)
{
	if(walkall())
		return {openreached(*w, omode), {}};
	return {{}, Error(w->why, upto(w->nerror)).text()};
}

Ref<Chan>
Name::remove()
{
	Ref<Chan> c = access();
	if(c->ismtpt)
		error(Eismtpt);
	return c;
}

Ref<Chan>
Name::dir()
{
	mustwalk();
	if(!w->c->isdir())
		error(Enotdir);
	return w->here();
}

Ref<Chan>
Name::mount()
{
	mustwalk();
	return w->here();
}

Bound
Name::bind()
{
	mustwalk();
	w->cross();
	if(w->mh)
		return {w->c, w->mh};
	return {w->here(), {}};
}

Ref<Chan>
Name::create(int omode, uint32_t perm)
{
	Names v = e->names();
	if(e->mustbedir && !(perm & DMDIR)) {
		w->nerror = v.size();
		error(Enotdirect);
	}
	if(v.empty())
		error(Eexist);
	if(!w->to(v.first(v.size() - 1)))
		error(w->why, upto(w->nerror));
	return createin(omode, perm);
}

// Whether the last name is there.  What a device has to say against it, it will say
// again when the file is made.
bool
Name::trylast()
{
	bool found = false;
	try {
		found = w->to(e->names().last(1));
	} catch(const Error& err) {
		if(err.is(Eintr))
			throw;
	}
	w->nerror = e->names().size();
	return found;
}

// Opens the last name in the directory that was reached, making it if it is not there.
// Another Proc may make it first, so a failed create is followed by one more try to
// open.
Ref<Chan>
Name::createin(int omode, uint32_t perm)
{
	if(trylast()) {
		if(omode & OEXCL)
			error(Eexist);
		return openreached(*w, omode | OTRUNC);
	}
	if(!w->c->isdir())
		error(Enotdir);
	std::optional<Error> failed;
	try {
		return make(*w, e->names().back(), omode, perm);
	} catch(const Error& err) {
		if((omode & OEXCL) || err.is(Eintr))
			throw;
		failed = err;
	}
	if(!trylast())
		error(failed->reason(), failed->name()); // the true one, not the retry's
	return openreached(*w, omode | OTRUNC);
}

}

Ref<Chan>
nameopen(std::string_view name, int omode)
{
	return Name(name).telling([&](Name& n) { return n.open(omode); });
}

Ref<Chan>
namecreate(std::string_view name, int omode, uint32_t perm)
{
	return Name(name).telling([&](Name& n) { return n.create(omode, perm); });
}

Ref<Chan>
nameaccess(std::string_view name)
{
	return Name(name).telling([](Name& n) { return n.access(); });
}

Tried
trynameopen(std::string_view name, int omode)
{
	return Name(name).telling([&](Name& n) { return n.tryopen(omode); });
}

Tried
trynameaccess(std::string_view name)
{
	return Name(name).telling([](Name& n) { return n.tryaccess(); });
}

Ref<Chan>
nameremove(std::string_view name)
{
	return Name(name).telling([](Name& n) { return n.remove(); });
}

Ref<Chan>
namedir(std::string_view name)
{
	return Name(name).telling([](Name& n) { return n.dir(); });
}

Bound
namebind(std::string_view name)
{
	return Name(name).telling([](Name& n) { return n.bind(); });
}

Ref<Chan>
namemount(std::string_view name)
{
	return Name(name).telling([](Name& n) { return n.mount(); });
}

// "#x" and no more: who may not attach a device may still take it out of a union.
Ref<Chan>
nameunmount(std::string_view name)
{
	Mask mask = name.starts_with('#') && utflen(name) == 2 ? Mask::Lift : Mask::Obey;
	return Name(name, mask).telling([](Name& n) { return n.open(OREAD); });
}

Ref<Chan>
chanopen(Ref<Chan> c, int omode)
{
	Walk w(std::move(c), false, Mounts::Cross);
	return openreached(w, omode);
}

Ref<Chan>
chancreate(Ref<Chan> dir, std::string_view elem, int omode, uint32_t perm)
{
	Walk w(std::move(dir), false, Mounts::Cross);
	return make(w, elem, omode, perm);
}

Ref<Chan>
chanaccess(Ref<Chan> c)
{
	Walk w(std::move(c), false, Mounts::Cross);
	return reached(w);
}

Ref<Chan>
walk(Ref<Chan> c, Names names, bool nomount)
{
	Walk w(std::move(c), false, nomount ? Mounts::Ignore : Mounts::Cross);
	if(w.to(names))
		return w.unique();
	std::string shown;
	for(std::string_view elem : names.first(w.nerror)) {
		if(!shown.empty())
			shown += '/';
		shown += elem;
	}
	error(w.why, shown);
}

void
validname(std::string_view name, Slash slash)
{
	if(name.size() >= MAXNAME)
		error(Etoolong);
	for(char ch : name)
		if(uint8_t(ch) < 0x20 || ch == 0x7F || (ch == '/' && slash == Slash::No))
			error(Ebadchar, name);
}

void
validstat(Bytes b)
{
	auto d = viewM2D(b);
	if(!d)
		error(Ebadstat);
	for(char ch : d->name)
		if(uint8_t(ch) < 0x20 || ch == 0x7F || (ch == '/' && d->name != "/"))
			error(Ebadstat);
}
}
