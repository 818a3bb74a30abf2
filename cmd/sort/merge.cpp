// The temporary files of sort(1).  Files of one level are merged into one of the next
// when there are Fanin of them, neighbours only, so that equal lines stay in their order.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "cmd/sort/sort.h"

namespace p9 {

namespace {

constexpr size_t Fanin = 32;

// A sorted file, at one of its lines.
class Sorted {
	const Sortspec& spec;
	Bin in;
	std::string built;

public:
	std::string_view line;
	std::string_view key;

	Sorted(const Sortspec& s, int fd) : spec(s), in(fd) {}
	bool next()
	{
		if(!in.line(line))
			return false;
		key = line;
		if(!spec.plain()) {
			built.clear();
			sortkey(spec, line, built);
			key = built;
		}
		return true;
	}
};

// Hands out the lines of several files in order.
class Merging {
	const bool reverse;
	std::vector<std::unique_ptr<Sorted>> files;
	std::vector<size_t> heap;	// those that have a line, the next one first

	// Whether x comes behind y.
	bool behind(size_t x, size_t y) const
	{
		int c = files[x]->key.compare(files[y]->key);
		if(c == 0)
			return x > y;
		return reverse ? c < 0 : c > 0;
	}
	void sink();

public:
	explicit Merging(const Sortspec& s) : reverse(s.plain() && s.reverse()) {}
	void add(std::unique_ptr<Sorted> s) { files.push_back(std::move(s)); }
	void start();
	// The file whose line is the next; nothing at the end.
	const Sorted* first() const { return heap.empty() ? nullptr : files[heap[0]].get(); }
	void next();
};

void
Merging::start()
{
	for(size_t i = 0; i < files.size(); i++)
		if(files[i]->next())
			heap.push_back(i);
	std::ranges::make_heap(heap, [this](size_t x, size_t y) { return behind(x, y); });
}

// The first of the heap goes to where it belongs.
void
Merging::sink()
{
	size_t x = heap[0];
	size_t i = 0;
	for(;;) {
		size_t c = 2 * i + 1;
		if(c + 1 < heap.size() && behind(heap[c], heap[c + 1]))
			c++;
		if(c >= heap.size() || !behind(x, heap[c]))
			break;
		heap[i] = heap[c];
		i = c;
	}
	heap[i] = x;
}

void
Merging::next()
{
	if(!files[heap[0]]->next()) {
		heap[0] = heap.back();
		heap.pop_back();
	}
	if(!heap.empty())
		sink();
}
}

// A name that nobody has: another machine may have the same pids.
Fd
Sorttemps::make()
{
	for(;;) {
		std::string name = fmt::format("{}/sort.{:04}.{:04}", dir, getpid() % 10000,
					       ordinal++);
		try {
			return create(name, ORDWR | ORCLOSE | OEXCL, 0600);
		} catch(const Error& e) {
			if(e.text().starts_with(Eexist))
				continue;
			a.warn("create " + name + ": " + e.text());
			exits("create");
		}
	}
}

void
Sorttemps::mergeout(size_t from, Bout& out)
{
	Merging m(spec);
	for(size_t i = from; i < temps.size(); i++) {
		seek(temps[i].fd, 0, 0);
		m.add(std::make_unique<Sorted>(spec, temps[i].fd));
	}
	std::optional<std::string> last;
	for(m.start(); const Sorted* s = m.first(); m.next()) {
		pollnotes();
		if(spec.unique && last == s->key)
			continue;
		out.put(s->line);
		out.put('\n');
		if(spec.unique)
			last = s->key;
	}
}

void
Sorttemps::drop(size_t from)
{
	while(temps.size() > from) {
		close(std::move(temps.back().fd));
		temps.pop_back();
	}
}

void
Sorttemps::add(Run& r)
{
	auto write = [this](int level, auto lines) {
		Fd fd = make();
		Bout out(fd);
		lines(out);
		out.flush();
		return Temp{std::move(fd), level};
	};
	temps.push_back(write(0, [&r](Bout& out) {
		r.sorted([&out](std::string_view l) {
			out.put(l);
			out.put('\n');
		});
	}));
	r.clear();
	for(;;) {
		int level = temps.back().level;
		if(temps.size() < Fanin || temps[temps.size() - Fanin].level != level)
			return;
		size_t from = temps.size() - Fanin;
		Temp merged = write(level + 1, [&](Bout& out) { mergeout(from, out); });
		drop(from);
		temps.push_back(std::move(merged));
	}
}
}
