// What judges our qcow2 images: qemu-img, and a checker of our own that is fast
// enough for thousands of crash states.  It shares no code with the engine.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib9/disk/store.h"

namespace p9::oracle {

// What the tables of an image say against each other.
struct Verdict {
	int corruptions = 0;	// references above the count, or not to the file
	int leaks = 0;	// counts above the references
	std::string why;	// the first corruption
};

Verdict check(Store& st);

// A file of its own for each; it goes with the object.
class Tempfile {
	std::string path;

public:
	Tempfile();
	~Tempfile();
	Tempfile(const Tempfile&) = delete;
	Tempfile& operator=(const Tempfile&) = delete;

	const std::string& name() const { return path; }
	// Copies a store to the file, or the file to the store.
	void save(Store& st) const;
	void load(Store& st) const;
};

struct Answer {
	int status;
	std::string out;	// both outputs
};

// Runs qemu-img, or qemu-io.  When it is not there the answer says so.
Answer qemuimg(const std::string& args);
Answer qemuio(const std::string& args);

// A simple random fill: the same bytes for the same seed.
std::vector<std::byte> noise(size_t n, uint32_t seed);
}
