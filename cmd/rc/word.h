// rc's words and lists: what needs neither tree nor kernel.  A list is a vector
// of strings; as a variable's value it is immutable and shared.
//
// In a word that may still be a pattern each * ? [ that is one stands behind a
// GLOB byte, and so does a byte that is GLOB itself.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib9/ref.h"

namespace p9 {

using Words = std::vector<std::string>;

// A variable's value.  An empty Ref is the empty list.
struct List : Counted {
	const Words w;
	explicit List(Words words) : w(std::move(words)) {}
};
using Val = Ref<List>;

Val value(Words w);
const Words& words(const Val& v);	// as long as v lives

inline constexpr char GLOB = '\1';

// The word without its GLOB bytes.
std::string deglob(std::string_view s);

// Whether all of s matches pattern p, up to p's end or the byte stop in it.
// A broken class matches nothing.
bool match(std::string_view s, std::string_view p, char stop = '\0');

// The characters that may stand in an unquoted word; in the name behind a $.
bool wordchr(int c);
bool idchr(int c);

// A word, and a list, as rc would read them again.
std::string quoteword(std::string_view s);
std::string alwaysquote(std::string_view s);
std::string quotelist(const Words& w);

std::string joined(const Words& w);	// with blanks between

// a^b: pairwise, or one distributed over the other.  The text of the error, or ""; then
// the words are behind out's.
std::string_view conc(const Words& a, const Words& b, Words& out);

// $v(subs): numbers and ranges n-m, n-; what lies outside is left out.
void subscript(const Words& v, const Words& subs, Words& out);

// The fields of s: runs of the bytes of seps part them, and each NUL ends one.
void split(std::string_view s, std::string_view seps, Words& out);

// The number that s is, all digits, or -1.  At most 8 digits count.
int number(std::string_view s);
// The digits at the front of s, 0 when there are none.
int leadingnumber(std::string_view s);

// dir/file, with one slash.  file alone when dir is empty.
std::string makepath(std::string_view dir, std::string_view file);

// Whether rc looks for the command along $path: not when it begins with / # ./ or ../.
bool searched(std::string_view name);
}
