// The codes of ASCII's characters and of the 128 bytes behind them, which POSIX's dd has
// fixed.

#include "cmd/ebcdic.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace p9 {

namespace {

constexpr std::string_view Codes =
	"00010203372d2e2f1605250b0c0d0e0f101112133c3d322618193f271c1d1e1f"
	"404f7f7b5b6c507d4d5d5c4e6b604b61f0f1f2f3f4f5f6f7f8f97a5e4c7e6e6f"
	"7cc1c2c3c4c5c6c7c8c9d1d2d3d4d5d6d7d8d9e2e3e4e5e6e7e8e94ae05a5f6d"
	"79818283848586878889919293949596979899a2a3a4a5a6a7a8a9c06ad0a107"
	"202122232415061728292a2b2c090a1b30311a333435360838393a3b04143ee1"
	"4142434445464748495152535455565758596263646566676869707172737475"
	"767778808a8b8c8d8e8f909a9b9c9d9e9fa0aaabacadaeafb0b1b2b3b4b5b6b7"
	"b8b9babbbcbdbebfcacbcccdcecfdadbdcdddedfeaebecedeeeffafbfcfdfeff";

using Table = std::array<uint8_t, 256>;

constexpr Table
codes()
{
	Table t{};
	auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
	for(size_t i = 0; i < t.size(); i++)
		t[i] = uint8_t(digit(Codes[2 * i]) << 4 | digit(Codes[2 * i + 1]));
	return t;
}

constexpr Table
inverse(const Table& t)
{
	Table r{};
	for(size_t i = 0; i < t.size(); i++)
		r[t[i]] = uint8_t(i);
	return r;
}

constexpr Table Ebcdic = codes();
constexpr Table Ascii = inverse(Ebcdic);
}

std::byte
toebcdic(std::byte ascii)
{
	return std::byte(Ebcdic[size_t(ascii)]);
}

std::byte
toibm(std::byte ascii)
{
	switch(char(ascii)) {
	case '!': return std::byte{0x5A};
	case '[': return std::byte{0xAD};
	case ']': return std::byte{0xBD};
	case '|': return std::byte{0x4F};
	}
	return toebcdic(ascii);
}

std::byte
fromebcdic(std::byte code)
{
	return std::byte(Ascii[size_t(code)]);
}
}
