#include "lib9/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>

#include "lib9/endian.h"

namespace p9 {

namespace {

// The steps are written with the state's words renamed from step to step, not moved, so
// the compiler keeps them in registers.

class Md5 final : public Digest {
	std::array<uint32_t, 4> h{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

	void compress(const std::byte* p, size_t nblocks) override;
	std::string state() const override;

public:
	Md5() : Digest(64, Order::Little) {}
};

// The sines of 1, 2, ...: RFC 1321, 3.4.
constexpr std::array<uint32_t, 64> Sines{
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
	0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
	0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
	0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
	0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
	0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
	0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
constexpr int Turns[4][4] = {
	{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

// One of the four rounds: word mul*i + add of the block in step i.
template<int round, int mul, int add, class F>
inline void
md5round(std::array<uint32_t, 4>& s, const uint32_t* x, F f)
{
	auto [a, b, c, d] = s;
	auto step = [&](uint32_t& w, uint32_t p, uint32_t q, uint32_t r, int i) {
		w += f(p, q, r) + x[(mul * i + add) % 16] + Sines[size_t(16 * round + i)];
		w = p + std::rotl(w, Turns[round][i % 4]);
	};
	for(int i = 0; i < 16; i += 4) {
		step(a, b, c, d, i);
		step(d, a, b, c, i + 1);
		step(c, d, a, b, i + 2);
		step(b, c, d, a, i + 3);
	}
	s = {a, b, c, d};
}

void
Md5::compress(const std::byte* p, size_t nblocks)
{
	for(; nblocks > 0; nblocks--, p += 64) {
		uint32_t x[16];
		for(size_t i = 0; i < 16; i++)
			x[i] = getle<uint32_t>(p + 4 * i);
		using U = uint32_t;
		std::array<U, 4> s = h;
		md5round<0, 1, 0>(s, x, [](U b, U c, U d) { return d ^ (b & (c ^ d)); });
		md5round<1, 5, 1>(s, x, [](U b, U c, U d) { return c ^ (d & (b ^ c)); });
		md5round<2, 3, 5>(s, x, [](U b, U c, U d) { return b ^ c ^ d; });
		md5round<3, 7, 0>(s, x, [](U b, U c, U d) { return c ^ (b | ~d); });
		for(size_t i = 0; i < 4; i++)
			h[i] += s[i];
	}
}

std::string
Md5::state() const
{
	std::string s;
	for(uint32_t w : h)
		s += fmt::format("{:08x}", byteswap(w));
	return s;
}

class Sha1 final : public Digest {
	std::array<uint32_t, 5> h{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
				  0xc3d2e1f0};

	void compress(const std::byte* p, size_t nblocks) override;
	std::string state() const override;

public:
	Sha1() : Digest(64, Order::Big) {}
};

// Twenty steps from step first on.  The ring has the last sixteen words of the message's
// schedule; each is made when its step comes, which keeps compilers from making them in
// pairs, at half the speed.
template<int first, class F>
inline void
sha1round(std::array<uint32_t, 5>& s, uint32_t* ring, uint32_t k, F f)
{
	auto [a, b, c, d, e] = s;
	auto step = [&](uint32_t v, uint32_t& x, uint32_t y, uint32_t z, uint32_t& u,
			int i) {
		uint32_t& w = ring[i % 16];
		if(i >= 16)
			w = std::rotl(w ^ ring[(i - 3) % 16] ^ ring[(i - 8) % 16] ^
					      ring[(i - 14) % 16], 1);
		u += std::rotl(v, 5) + f(x, y, z) + k + w;
		x = std::rotl(x, 30);
	};
	for(int i = first; i < first + 20; i += 5) {
		step(a, b, c, d, e, i);
		step(e, a, b, c, d, i + 1);
		step(d, e, a, b, c, i + 2);
		step(c, d, e, a, b, i + 3);
		step(b, c, d, e, a, i + 4);
	}
	s = {a, b, c, d, e};
}

void
Sha1::compress(const std::byte* p, size_t nblocks)
{
	for(; nblocks > 0; nblocks--, p += 64) {
		uint32_t w[16];
		for(size_t i = 0; i < 16; i++)
			w[i] = getbe<uint32_t>(p + 4 * i);
		using U = uint32_t;
		std::array<U, 5> s = h;
		auto choice = [](U x, U y, U z) { return z ^ (x & (y ^ z)); };
		auto parity = [](U x, U y, U z) { return x ^ y ^ z; };
		auto majority = [](U x, U y, U z) { return (x & y) | (z & (x | y)); };
		sha1round<0>(s, w, 0x5a827999, choice);
		sha1round<20>(s, w, 0x6ed9eba1, parity);
		sha1round<40>(s, w, 0x8f1bbcdc, majority);
		sha1round<60>(s, w, 0xca62c1d6, parity);
		for(size_t i = 0; i < 5; i++)
			h[i] += s[i];
	}
}

std::string
Sha1::state() const
{
	std::string s;
	for(uint32_t w : h)
		s += fmt::format("{:08x}", w);
	return s;
}

// The fractions of the cube roots of the first primes: FIPS 180-4, 4.2.3.  SHA-256 takes
// the higher half of the first 64.
constexpr std::array<uint64_t, 80> Roots{
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

struct Word256 {
	using U = uint32_t;
	static constexpr size_t Steps = 64;
	static constexpr U k(size_t i) { return U(Roots[i] >> 32); }
	static U sum0(U x)
	{
		return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
	}
	static U sum1(U x)
	{
		return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
	}
	static U mix0(U x) { return std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3; }
	static U mix1(U x) { return std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10; }
};

struct Word512 {
	using U = uint64_t;
	static constexpr size_t Steps = 80;
	static constexpr U k(size_t i) { return Roots[i]; }
	static U sum0(U x)
	{
		return std::rotr(x, 28) ^ std::rotr(x, 34) ^ std::rotr(x, 39);
	}
	static U sum1(U x)
	{
		return std::rotr(x, 14) ^ std::rotr(x, 18) ^ std::rotr(x, 41);
	}
	static U mix0(U x) { return std::rotr(x, 1) ^ std::rotr(x, 8) ^ x >> 7; }
	static U mix1(U x) { return std::rotr(x, 19) ^ std::rotr(x, 61) ^ x >> 6; }
};

template<class T>
class Sha2 final : public Digest {
	using U = typename T::U;
	using Eight = std::array<U, 8>;

	Eight h;
	const size_t figures;	// of the result, which may be a part of the state

	void compress(const std::byte* p, size_t nblocks) override;
	std::string state() const override;

public:
	Sha2(const Eight& start, unsigned bits)
		: Digest(16 * sizeof(U), Order::Big), h(start), figures(bits / 4)
	{
	}
};

template<class T>
void
Sha2<T>::compress(const std::byte* p, size_t nblocks)
{
	for(; nblocks > 0; nblocks--, p += 16 * sizeof(U)) {
		U w[T::Steps];
		for(size_t i = 0; i < 16; i++)
			w[i] = getbe<U>(p + sizeof(U) * i);
		for(size_t i = 16; i < T::Steps; i++)
			w[i] = T::mix1(w[i - 2]) + w[i - 7] + T::mix0(w[i - 15]) +
			       w[i - 16];
		auto [a, b, c, d, e, f, g, q] = h;
		auto step = [&w](U s, U t, U u, U& v, U x, U y, U z, U& r, size_t i) {
			r += T::sum1(x) + (z ^ (x & (y ^ z))) + T::k(i) + w[i];
			v += r;
			r += T::sum0(s) + ((s & t) | (u & (s | t)));
		};
		for(size_t i = 0; i < T::Steps; i += 8) {
			step(a, b, c, d, e, f, g, q, i);
			step(q, a, b, c, d, e, f, g, i + 1);
			step(g, q, a, b, c, d, e, f, i + 2);
			step(f, g, q, a, b, c, d, e, i + 3);
			step(e, f, g, q, a, b, c, d, i + 4);
			step(d, e, f, g, q, a, b, c, i + 5);
			step(c, d, e, f, g, q, a, b, i + 6);
			step(b, c, d, e, f, g, q, a, i + 7);
		}
		const Eight s{a, b, c, d, e, f, g, q};
		for(size_t i = 0; i < 8; i++)
			h[i] += s[i];
	}
}

template<class T>
std::string
Sha2<T>::state() const
{
	std::string s;
	for(U w : h)
		s += fmt::format("{:0{}x}", w, 2 * sizeof(U));
	return s.substr(0, figures);
}
}

void
Digest::add(Bytes b)
{
	total += b.size();
	if(have > 0) {
		size_t n = std::min(blocksize - have, b.size());
		std::memcpy(&part[have], b.data(), n);
		have += n;
		b = b.subspan(n);
		if(have < blocksize)
			return;
		compress(part.data(), 1);
		have = 0;
	}
	if(size_t n = b.size() / blocksize) {
		compress(b.data(), n);
		b = b.subspan(n * blocksize);
	}
	if(!b.empty())
		std::memcpy(part.data(), b.data(), b.size());
	have = b.size();
}

// A bit that is set, zeros up to the length, the length in bits.
std::string
Digest::end()
{
	const uint64_t bits = total * 8;
	const uint64_t overflow = total >> 61;
	const size_t lenat = blocksize - blocksize / 8;
	std::array<std::byte, 256> pad{std::byte{0x80}};
	size_t npad = (lenat > have ? 0 : blocksize) + lenat - have;
	std::byte* len = &pad[npad];
	size_t nlen = blocksize / 8;
	if(bigendian) {
		putbe(len + nlen - 8, bits);
		if(nlen > 8)
			putbe(len, overflow);
	} else {
		putle(len, bits);
	}
	add(Bytes(pad).first(npad + nlen));
	return state();
}

uint32_t
crcadd(uint32_t reg, Bytes b)
{
	return ~uint32_t(
		crc32_z(~reg, reinterpret_cast<const Bytef*>(b.data()), b.size()));
}

std::unique_ptr<Digest>
md5()
{
	return std::make_unique<Md5>();
}

std::unique_ptr<Digest>
sha1()
{
	return std::make_unique<Sha1>();
}

// The starts are the fractions of square roots of primes: FIPS 180-4, 5.3.
std::unique_ptr<Digest>
sha2(unsigned bits)
{
	using A = Sha2<Word256>;
	using B = Sha2<Word512>;
	switch(bits) {
	case 224:
		return std::make_unique<A>(std::array<uint32_t, 8>{
			0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939,
			0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4,
		}, bits);
	case 256:
		return std::make_unique<A>(std::array<uint32_t, 8>{
			0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
		}, bits);
	case 384:
		return std::make_unique<B>(std::array<uint64_t, 8>{
			0xcbbb9d5dc1059ed8, 0x629a292a367cd507,
			0x9159015a3070dd17, 0x152fecd8f70e5939,
			0x67332667ffc00b31, 0x8eb44a8768581511,
			0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
		}, bits);
	case 512:
		return std::make_unique<B>(std::array<uint64_t, 8>{
			0x6a09e667f3bcc908, 0xbb67ae8584caa73b,
			0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
			0x510e527fade682d1, 0x9b05688c2b3e6c1f,
			0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
		}, bits);
	}
	return nullptr;
}
}
