// Runes and UTF-8.  Text is bytes; a byte that begins no good sequence (overlong,
// a surrogate, beyond 10FFFF, cut off) is one Runeerror of length one, so every
// string decodes and nothing here fails or sleeps.  See rune(2).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace p9 {

inline constexpr char32_t Runeerror = 0xFFFD;
inline constexpr char32_t Runemax = 0x10FFFF;
inline constexpr size_t UTFmax = 4;

// The first rune of s into r; answers its length in bytes, 0 only when s is empty.
size_t decode(std::string_view s, char32_t& r);

// Appends r to s; what is no rune is appended as Runeerror.
void encode(char32_t r, std::string& s);
std::string encode(char32_t r);

// Whether s begins with a whole rune (good or bad): more bytes would not change it.
bool fullrune(std::string_view s);

// How many runes decode finds in s.
size_t utflen(std::string_view s);

std::u32string runes(std::string_view s);
std::string utf8(std::u32string_view s);

// The longest start (cut) or end (cutfront) of s of at most max bytes that splits no
// rune.
std::string_view utfcut(std::string_view s, size_t max);
std::string_view utfcutfront(std::string_view s, size_t max);

// Simple mappings, one rune to one: ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic.
char32_t toupperrune(char32_t r);
char32_t tolowerrune(char32_t r);
bool isspacerune(char32_t r);
bool isupperrune(char32_t r);
bool islowerrune(char32_t r);
bool isalpharune(char32_t r); // whatever lies beyond ASCII's is a letter, unless a blank
bool isdigitrune(char32_t r);	// 0 to 9
}
