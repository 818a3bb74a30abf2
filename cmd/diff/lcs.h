// Which lines of two files are the same: a longest common subsequence, found as Hunt and
// McIlroy's diff and Stone's improvement of it do, so that among the longest ones it is
// the one that Plan 9's diff takes.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace p9 {

// A line is the number of its class, lines of one class are the same.  Answers for every
// line of a the line of b that it stays, counted from 1, or 0.  Calls step now and then,
// which may throw.
//
// The time is that of the sort by class and, for each line of a, of its mates in b that
// change something: near to linear for files that are alike.  The memory is linear in the
// lines and in the common subsequences that are still in question.
std::vector<uint32_t> commonlines(std::span<const uint32_t> a, std::span<const uint32_t> b,
	const std::function<void()>& step);
}
