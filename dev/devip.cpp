// Connections of the host's network in Plan 9's form: #I, bound at /net.
// tcp/clone (or unix/clone) opens as the ctl of a new conversation, whose directory
// has ctl data err listen local remote status.  cs turns `net!host!service' into
// what to write to which clone file.  ip(3).
//
// A conversation lives as long as one of its files is open.  What is announced can
// be reached from this machine alone unless the message says `insecure'.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib9/args.h"
#include "lib9/error.h"
#include "lib9/parse.h"
#include "lib9/quote.h"
#include "port/dev.h"
#include "port/ossock.h"
#include "port/qlock.h"

namespace p9 {

namespace {

// A qid's path: the file, the network, the conversation.
enum File : uint64_t {
	Qtop, Qcs, Qnet, Qclone, Qconv, Qctl, Qdata, Qerr, Qlisten, Qlocal, Qremote, Qstatus,
};
enum : unsigned { Netshift = 8, Convshift = 16 };

constexpr std::string_view Enotready = "connection not ready";
constexpr size_t Maxconv = 4096;	// of each network

struct Netname {
	Hostnet net;
	std::string_view name;
};
constexpr Netname nets[] = {{Hostnet::Tcp, "tcp"}, {Hostnet::Unix, "unix"}};
constexpr size_t Nnet = std::size(nets);

// Plan 9's services that no host knows by name.
constexpr std::pair<std::string_view, std::string_view> services[] = {
	{"9fs", "564"}, {"exportfs", "17007"}, {"rexexec", "17009"}, {"cpu", "17013"},
	{"ncpu", "17010"}, {"rcpu", "17019"},
};

File
fileof(const Chan& c)
{
	return File(c.qid.path & 0xFF);
}

size_t
netof(const Chan& c)
{
	return size_t(c.qid.path >> Netshift & 0xFF);
}

uint64_t
qpath(File f, size_t net, size_t conv = 0)
{
	return f | uint64_t(net) << Netshift | uint64_t(conv) << Convshift;
}

struct Conv final : public Counted {
	const size_t net;
	const size_t n;
	int users = 0;	// guarded by Ipdev::lk
	// Who reads, or takes a call, and who writes: one Proc at a time and in the order in
	// which they came, so that what two write is not mixed.
	QLock in;
	QLock out;

	QLock lk;	// guards what follows
	Ref<Hostconn> conn;
	enum State { Closed, Connecting, Established, Announced, Hungup } state = Closed;

	Conv(size_t t, size_t i) : net(t), n(i) {}

	Ref<Hostconn> get(State wanted)
	{
		std::scoped_lock l(lk);
		if(state == Hungup)
			error(Ehungup);
		if(state != wanted)
			error(Enotready);
		return conn;
	}
	// Empty when it has been hung up: there is nothing more to read.
	Ref<Hostconn> getdata()
	{
		std::scoped_lock l(lk);
		if(state != Established && state != Hungup)
			error(Enotready);
		return state == Hungup ? Ref<Hostconn>() : conn;
	}
	Ref<Hostconn> accept()
	{
		auto turn = elocked(in);
		return get(Announced)->accept();
	}
	size_t write(Bytes head, Bytes tail)
	{
		auto turn = elocked(out);
		return get(Established)->write(head, tail);
	}
	void begin()
	{
		std::scoped_lock l(lk);
		if(state != Closed)
			error(Einuse);
		state = Connecting;
	}
	void become(State s, Ref<Hostconn> c)
	{
		std::scoped_lock l(lk);
		state = s;
		conn = std::move(c);
	}
	// What begin() began has come about; unless it was hung up meanwhile.
	void came(State s, Ref<Hostconn> c)
	{
		std::scoped_lock l(lk);
		conn = std::move(c);
		if(state != Hungup) {
			state = s;
			return;
		}
		conn->hangup();
		error(Ehungup);
	}
	void hangup()
	{
		std::scoped_lock l(lk);
		if(conn)
			conn->hangup();
		if(state != Closed)
			state = Hungup;
	}
};

// What a Chan of cs has to answer.
struct Csanswer final : public Counted {
	std::vector<std::string> lines;
	size_t next = 0;
};

class Ipdev final : public Gendev {
	QLock lk;	// guards what follows
	std::map<size_t, Ref<Conv>> convs[Nnet];
	bool ended = false;	// the machine: nobody may call, or be called, any more

	Ref<Conv> find(size_t net, size_t n);
	Ref<Conv> newconv(size_t net);
	void leave(Ref<Conv> v);
	Ref<Conv> use(Chan& c);
	Ref<Conv> call(Ref<Conv> v);
	std::vector<Dir> convfiles(const Chan& c) const;
	Ref<Chan> becomectl(Ref<Chan> c, Ref<Conv> v);
	void control(Conv& v, const Cmdbuf& cb);
	void connect(Conv& v, const std::string& addr);
	void announce(Conv& v, std::string addr, bool insecure);
	std::string status(Conv& v);
	void translate(Csanswer& a, std::string_view query);

public:
	Ipdev() : Gendev(U'I', "ip") {}

	void reset() override { ended = false; }
	void shutdown() override;
	std::vector<Dir> list(const Chan& c) override;
	std::optional<Dir> lookup(Chan& c, std::string_view elem) override;
	Dir parent(const Chan& c) override;
	Dir self(Chan& c) override;
	void arrived(Chan& c, const Chan& from) override;
	Ref<Chan> open(Ref<Chan> c, int omode) override;
	void close(Chan& c) override;
	size_t read(Chan& c, Buf buf, int64_t off) override;
	size_t write(Chan& c, Bytes buf, int64_t off) override;
	size_t writev(Chan& c, Bytes head, Bytes tail) override;
};

Ref<Conv>
Ipdev::find(size_t net, size_t n)
{
	std::scoped_lock l(lk);
	auto i = convs[net].find(n);
	return i == convs[net].end() ? Ref<Conv>() : i->second;
}

// With one user: the caller's Chan.
Ref<Conv>
Ipdev::newconv(size_t net)
{
	std::unique_lock l(lk);
	size_t n = 0;
	for(const auto& [used, v] : convs[net]) {
		if(used != n)
			break;
		n++;
	}
	if(ended || n >= Maxconv) {
		bool over = ended;
		l.unlock();
		error(over ? Eshutdown : Enodev);
	}
	Ref<Conv> v = mk<Conv>(net, n);
	v->users = 1;
	convs[net].emplace(n, v);
	return v;
}

void
Ipdev::leave(Ref<Conv> v)
{
	bool last;
	Ref<Conv> gone;
	{
		std::scoped_lock l(lk);
		last = --v->users == 0;
		if(last) {
			auto i = convs[v->net].find(v->n);
			gone = std::move(i->second);
			convs[v->net].erase(i);
		}
	}
	if(last) {
		v->hangup();
		v->become(Conv::Hungup, {});
	}
}

// Who waits for a peer gets the end.
void
Ipdev::shutdown()
{
	std::vector<Ref<Conv>> all;
	{
		std::scoped_lock l(lk);
		ended = true;
		for(auto& m : convs)
			for(auto& [n, v] : m)
				all.push_back(v);
	}
	for(Ref<Conv>& v : all)
		v->hangup();
}

std::vector<Dir>
Ipdev::convfiles(const Chan& c) const
{
	static constexpr std::tuple<File, std::string_view, uint32_t> rows[] = {
		{Qctl, "ctl", 0660}, {Qdata, "data", 0660}, {Qerr, "err", 0440},
		{Qlisten, "listen", 0660}, {Qlocal, "local", 0444},
		{Qremote, "remote", 0444}, {Qstatus, "status", 0444},
	};
	std::vector<Dir> l;
	for(auto [f, n, perm] : rows)
		l.push_back(file((c.qid.path & ~uint64_t(0xFF)) | f, n, perm));
	return l;
}

std::vector<Dir>
Ipdev::list(const Chan& c)
{
	std::vector<Dir> l;
	switch(fileof(c)) {
	case Qtop:
		l.push_back(file(Qcs, "cs", 0666));
		for(size_t i = 0; i < Nnet; i++)
			l.push_back(dir(qpath(Qnet, i), nets[i].name));
		break;
	case Qnet: {
		l.push_back(file(qpath(Qclone, netof(c)), "clone", 0666));
		std::scoped_lock g(lk);
		for(const auto& [n, v] : convs[netof(c)])
			l.push_back(dir(qpath(Qconv, netof(c), n), std::to_string(n)));
		break;
	}
	case Qconv:
		return convfiles(c);
	default:
		break;
	}
	return l;
}

std::optional<Dir>
Ipdev::lookup(Chan& c, std::string_view elem)
{
	for(Dir& d : list(c))
		if(d.name == elem)
			return d;
	return {};
}

Dir
Ipdev::parent(const Chan& c)
{
	size_t n = size_t(c.qid.path >> Convshift);
	if(fileof(c) > Qconv)
		return dir(qpath(Qconv, netof(c), n), std::to_string(n));
	if(fileof(c) == Qconv || fileof(c) == Qclone)
		return dir(qpath(Qnet, netof(c)), nets[netof(c)].name);
	return dir(Qtop, "#I");
}

// The files of a conversation that is over can still be looked at by who has them open.
Dir
Ipdev::self(Chan& c)
{
	File f = fileof(c);
	if(f == Qtop)
		return dir(Qtop, "#I");
	if(f == Qcs)
		return file(Qcs, "cs", 0666);
	if(f == Qnet)
		return dir(c.qid.path, nets[netof(c)].name);
	if(f == Qclone)
		return file(c.qid.path, "clone", 0666);
	if(f == Qconv)
		return dir(c.qid.path, std::to_string(c.qid.path >> Convshift));
	for(Dir& d : convfiles(c))
		if(d.qid.path == c.qid.path)
			return d;
	error(Enonexist);
}

void
Ipdev::arrived(Chan& c, const Chan& from)
{
	if(fileof(c) < Qconv)
		c.aux = {};
	else if(from.aux && fileof(from) >= Qconv && c.qid.path >> Netshift == from.qid.path >> Netshift)
		c.aux = from.aux;
	else
		c.aux = find(netof(c), size_t(c.qid.path >> Convshift));
}

// c becomes the open ctl of v, whose user it is already.
Ref<Chan>
Ipdev::becomectl(Ref<Chan> c, Ref<Conv> v)
{
	c->qid = {.path = qpath(Qctl, v->net, v->n), .vers = 0, .type = QTFILE};
	c->aux = std::move(v);
	return c;
}

Ref<Chan>
Ipdev::open(Ref<Chan> c, int omode)
{
	File f = fileof(*c);
	c = Gendev::open(std::move(c), omode);
	if(f == Qcs)
		c->aux = mk<Csanswer>();
	if(f == Qclone) {
		Ref<Conv> v = newconv(netof(*c));
		return becomectl(std::move(c), std::move(v));
	}
	if(f < Qctl)
		return c;
	c->flag &= ~unsigned(COPEN);	// until it is a user
	Ref<Conv> v = use(*c);
	if(f == Qlisten)
		v = call(std::move(v));
	c->flag |= COPEN;
	return f == Qlisten ? becomectl(std::move(c), std::move(v)) : c;
}

// One more user of c's conversation, which must not be over.
Ref<Conv>
Ipdev::use(Chan& c)
{
	Ref<Conv> v;
	if(c.aux)
		v = Ref<Conv>(c.as<Conv>());
	std::scoped_lock l(lk);
	if(!v || v->users == 0)
		error(Enonexist);
	v->users++;
	return v;
}

// Waits for a call to v, which it leaves; the conversation with the caller has one user.
Ref<Conv>
Ipdev::call(Ref<Conv> v)
{
	Ref<Conv> nv;
	try {
		Ref<Hostconn> caller = v->accept();
		nv = newconv(v->net);
		nv->become(Conv::Established, std::move(caller));
	} catch(const Error&) {
		leave(std::move(v));
		throw;
	}
	leave(std::move(v));
	return nv;
}

void
Ipdev::close(Chan& c)
{
	if((c.flag & COPEN) && fileof(c) >= Qctl)
		leave(Ref<Conv>(c.as<Conv>()));
}

void
Ipdev::connect(Conv& v, const std::string& addr)
{
	v.begin();
	try {
		v.came(Conv::Established, hostdial(nets[v.net].net, addr));
	} catch(const Error&) {
		v.become(Conv::Closed, {});
		throw;
	}
}

void
Ipdev::announce(Conv& v, std::string addr, bool insecure)
{
	Hostnet net = nets[v.net].net;
	if(net == Hostnet::Tcp && addr.find('!') == addr.npos)
		addr = "127.0.0.1!" + addr;
	if(!insecure && !hostloopback(net, addr))
		error("others can reach it: say insecure", addr);
	v.begin();
	try {
		v.came(Conv::Announced, hostannounce(net, addr));
	} catch(const Error&) {
		v.become(Conv::Closed, {});
		throw;
	}
}

void
Ipdev::control(Conv& v, const Cmdbuf& cb)
{
	enum { Connect, Announce, Insecure, Hangup };
	static constexpr Cmdtab tab[] = {
		{Connect, "connect", 2}, {Announce, "announce", 2}, {Hangup, "hangup", 1},
	};
	if(cb.f.size() == 3 && cb.f[0] == "announce" && cb.f[2] == "insecure")
		return announce(v, cb.f[1], true);
	switch(lookupcmd(cb, tab).index) {
	case Connect: return connect(v, cb.f[1]);
	case Announce: return announce(v, cb.f[1], false);
	case Hangup: return v.hangup();
	}
}

std::string
Ipdev::status(Conv& v)
{
	static constexpr std::string_view names[] = {
		"Closed", "Connecting", "Established", "Announced", "Hungup",
	};
	std::scoped_lock l(v.lk);
	return fmt::format("{}\n", names[v.state]);
}

size_t
Ipdev::read(Chan& c, Buf buf, int64_t off)
{
	if(c.isdir())
		return readdir(c, buf, off);
	if(fileof(c) == Qcs) {
		Csanswer& a = c.as<Csanswer>();
		std::string line;
		{
			std::scoped_lock l(lk);
			if(a.next < a.lines.size())
				line = a.lines[a.next++];
		}
		return readstr(buf, 0, line);
	}
	Conv& v = c.as<Conv>();
	switch(fileof(c)) {
	case Qctl: return readstr(buf, off, std::to_string(v.n));
	case Qdata: {
		auto turn = elocked(v.in);
		Ref<Hostconn> conn = v.getdata();
		return conn ? conn->read(buf) : 0;
	}
	case Qstatus: return readstr(buf, off, status(v));
	case Qlocal:
	case Qremote: {
		Ref<Hostconn> conn;
		{
			std::scoped_lock l(v.lk);
			conn = v.conn;
		}
		std::string s = "::!0";
		if(conn)
			s = fileof(c) == Qlocal ? conn->local() : conn->remote();
		return readstr(buf, off, s + "\n");
	}
	default: return 0;
	}
}

size_t
Ipdev::write(Chan& c, Bytes buf, int64_t)
{
	switch(fileof(c)) {
	case Qcs: {
		auto a = mk<Csanswer>();
		std::string_view s{reinterpret_cast<const char*>(buf.data()), buf.size()};
		translate(*a, s);
		std::scoped_lock l(lk);
		c.as<Csanswer>().lines = std::move(a->lines);
		c.as<Csanswer>().next = 0;
		return buf.size();
	}
	case Qctl:
		control(c.as<Conv>(), parsecmd(buf));
		return buf.size();
	case Qdata:
		return c.as<Conv>().write(buf, {});
	default:
		error(Eperm);
	}
}

size_t
Ipdev::writev(Chan& c, Bytes head, Bytes tail)
{
	if(fileof(c) != Qdata)
		return Dev::writev(c, head, tail);
	return c.as<Conv>().write(head, tail);
}

// `net!host!service', `unix!path': a line for each way to it, best first.
void
Ipdev::translate(Csanswer& a, std::string_view query)
{
	while(query.ends_with('\n'))
		query.remove_suffix(1);
	size_t bang = query.find('!');
	std::string_view net = query.substr(0, bang);
	std::string_view rest = bang == query.npos ? "" : query.substr(bang + 1);
	if(net == "unix" && !rest.empty()) {
		a.lines.push_back("/net/unix/clone " + quoted(rest));
		return;
	}
	size_t last = rest.rfind('!');
	if((net != "tcp" && net != "net") || last == rest.npos)
		error("cs: can't translate address", query);
	std::string host(rest.substr(0, last));
	std::string service(rest.substr(last + 1));
	for(auto [known, port] : services)
		if(service == known)
			service = port;
	// The host would take the low 16 bits of a larger one.
	if(auto port = parseint(service); port && (*port < 0 || *port > 65535))
		error("cs: can't translate address", query);
	bool any = host == "*";
	if(any || host.empty())
		host = "127.0.0.1";
	for(std::string& addr : hostlookup(host, service)) {
		if(any)
			addr.replace(0, host.size(), "*");
		a.lines.push_back("/net/tcp/clone " + addr);
	}
	if(a.lines.empty())
		error("cs: can't translate address", query);
}
}

Dev&
ipdev()
{
	static Ipdev dev;
	return dev;
}
}
