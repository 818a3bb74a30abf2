// Digests against others' values: those of the standards, and hashlib's of Python for
// all lengths at which the end of a block matters.

#include "lib9/digest.h"

#include <gtest/gtest.h>

namespace p9 {
namespace {

Bytes
bytesof(std::string_view s)
{
	return std::as_bytes(std::span(s));
}

struct Known {
	std::unique_ptr<Digest> (*make)();
	std::string abc;	// of "abc"
	std::string million;	// of a million of a
	std::string lengths;	// of the digests of 0 to 300 bytes
};

const Known knowns[] = {
	{md5, "900150983cd24fb0d6963f7d28e17f72", "7707d6ae4e027c70eea2a935c2296f21",
	 "065cd417fdd7c48d666e23da8fa090d6"},
	{sha1, "a9993e364706816aba3e25717850c26c9cd0d89d",
	 "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
	 "68b5ca915a52b1b9b09f57f28cfbec8d8a36222b"},
	{[] { return sha2(224); },
	 "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
	 "20794655980c91d8bbb4c1ea97618a4bf03f42581948b2ee4ee7ad67",
	 "070fa79a8f1a6c95fe7a5844ad6abe3eda5b7340a3085ddf2f12fbd5"},
	{[] { return sha2(256); },
	 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	 "79a7339ec77090e9169cb614a635c0ab71e2e7a947cec101e88d49111589ab87"},
	{[] { return sha2(384); },
	 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	 "8086072ba1e7cc2358baeca134c825a7",
	 "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
	 "07b8b3dc38ecc4ebae97ddd87f3d8985",
	 "2093427ba18be469671fa65d8857fd9dbc6f10a11e4f5539fc3dfb19dd1b86ea"
	 "dbf64ecbaeb5e3fe7649ebd7255e51e4"},
	{[] { return sha2(512); },
	 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	 "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
	 "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
	 "0994468448f423427d6d6bf0909a98083456889980ec5e682f4f4305f2c8605c"
	 "90d22745d717b3c40b43a6415cf600636b0c6456af34e433d88703ef55908c9e"},
};

TEST(digest, the_standards_examples_come_out)
{
	for(const Known& k : knowns) {
		auto d = k.make();
		d->add(bytesof("abc"));
		EXPECT_EQ(d->end(), k.abc);
		d = k.make();
		const std::string piece(1000, 'a');
		for(int i = 0; i < 1000; i++)
			d->add(bytesof(piece));
		EXPECT_EQ(d->end(), k.million);
	}
}

TEST(digest, every_length_ends_its_last_block)
{
	std::string s;
	for(size_t i = 0; i < 300; i++)
		s += char(i * 7 + i / 251);
	for(const Known& k : knowns) {
		auto all = k.make();
		for(size_t n = 0; n <= s.size(); n++) {
			auto d = k.make();
			d->add(bytesof(s).first(n));
			all->add(bytesof(d->end()));
		}
		EXPECT_EQ(all->end(), k.lengths);
	}
}

TEST(digest, the_pieces_do_not_matter)
{
	std::string s;
	for(size_t i = 0; i < 1000; i++)
		s += char(i * i);
	for(const Known& k : knowns) {
		auto whole = k.make();
		whole->add(bytesof(s));
		const std::string want = whole->end();
		for(size_t piece : {1, 63, 64, 65, 127, 128, 129, 500}) {
			auto d = k.make();
			for(size_t i = 0; i < s.size(); i += piece)
				d->add(bytesof(std::string_view(s).substr(i, piece)));
			EXPECT_EQ(d->end(), want);
		}
	}
}

TEST(digest, there_is_no_SHA2_of_other_sizes)
{
	for(unsigned bits : {0, 1, 160, 255, 1024})
		EXPECT_EQ(sha2(bits), nullptr);
}
}
}
