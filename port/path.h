// The name by which a Chan was reached, as text, and where on the way mounts
// were crossed: .. goes back through them by position, so aliases come out on
// the side where they went in.  Immutable once shared.  See namec(10).

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib9/ref.h"

namespace p9 {

class Chan;

class Path final : public Counted {
public:
	std::string s; // "/mnt/qcow/data", "#s/x"
	// One for the root and one for each element of s: the Chan that was mounted on,
	// where the way on crossed a mount, else empty.
	std::vector<Ref<Chan>> mtpt;

	explicit Path(std::string_view text);

	// This path with one more element; from: what was mounted on, or empty.  ".."
	// takes the last element away.
	Ref<Path> add(std::string_view elem, Ref<Chan> from) const;

	// An unshared copy, with room for more elements; append changes it in place as
	// add does.
	Ref<Path> copy(size_t more = 0) const;
	void append(std::string_view elem, Ref<Chan> from);

	struct Sized {
		size_t text;
		size_t elems;
	};
	explicit Path(Sized); // empty, for copy

private:
	void up();
	~Path() override;
};
}
