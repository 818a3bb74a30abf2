// The checks of 9pconform.  Each stands in the table by itself:
//
//	CHECK_WORK(walk, partial)
//	{
//		c.mkdir(Work, 2, "d");
//		...
//	}
//
// CHECK_RAW gets the options alone, CHECK_ROOT a client with fid 0 at the root,
// CHECK_WORK one with fid 1 in an empty directory of its own too (it is skipped when
// none can be made), CHECK_FILE one with fid 1 at a plain file that can be read, and
// CHECK_BLOCK one with fid 1 open for reading where a read waits.  Where the manual
// leaves the answer open, a comment in the check says what is allowed.

#pragma once

#include <span>

#include "tests/9pconform/client.h"

namespace p9 {

enum : uint32_t { Root = 0, Work = 1, File = 1, Blocked = 1, Unknown = 0x7654321 };

struct Check {
	const char* name;
	void (*run)(const Options& o);
};

// All that there are, in order of their names.
std::span<const Check> checks();

namespace checking {
struct Entry {
	Entry(const char* name, void (*run)(const Options&));
};
void root(const Options& o, void (*body)(Client&));
void work(const Options& o, void (*body)(Client&));
void file(const Options& o, void (*body)(Client&));
void block(const Options& o, void (*body)(Client&));
}

#define CHECK_RAW(group, what) \
	static void check_##group##_##what(const Options& o); \
	static const checking::Entry entry_##group##_##what(#group "." #what, \
		check_##group##_##what); \
	static void check_##group##_##what(const Options& o)

#define CHECK_WITH(group, what, how) \
	static void check_##group##_##what(Client& c); \
	static const checking::Entry entry_##group##_##what(#group "." #what, \
		[](const Options& o) { checking::how(o, check_##group##_##what); }); \
	static void check_##group##_##what(Client& c)

#define CHECK_ROOT(group, what) CHECK_WITH(group, what, root)
#define CHECK_WORK(group, what) CHECK_WITH(group, what, work)
#define CHECK_FILE(group, what) CHECK_WITH(group, what, file)
#define CHECK_BLOCK(group, what) CHECK_WITH(group, what, block)
}
