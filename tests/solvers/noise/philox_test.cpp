#include "stochflow/noise/philox.hpp"

#include <gtest/gtest.h>

#include <set>

namespace stochflow {
namespace {

// Known answers of the Random123 distribution (kat_vectors, philox 4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, EveryCoordinateMatters) {
  std::set<PhiloxCounter> seen;
  const auto add = [&](std::uint64_t seed,
                       Purpose purpose,
                       std::uint64_t trajectory,
                       std::uint64_t index,
                       std::uint32_t lane) {
    return seen.insert(RandomStream(seed, purpose).bits(trajectory, index, lane)).second;
  };
  EXPECT_TRUE(add(0, Purpose::increments, 0, 0, 0));
  EXPECT_FALSE(add(0, Purpose::increments, 0, 0, 0));
  EXPECT_TRUE(add(1, Purpose::increments, 0, 0, 0));
  EXPECT_TRUE(add(std::uint64_t{1} << 32, Purpose::increments, 0, 0, 0));
  EXPECT_TRUE(add(0, Purpose::bridge, 0, 0, 0));
  EXPECT_TRUE(add(0, Purpose::increments, 1, 0, 0));
  EXPECT_TRUE(add(0, Purpose::increments, std::uint64_t{1} << 32, 0, 0));
  EXPECT_TRUE(add(0, Purpose::increments, 0, 1, 0));
  EXPECT_TRUE(add(0, Purpose::increments, 0, std::uint64_t{1} << 32, 0));
  EXPECT_TRUE(add(0, Purpose::increments, 0, 0, 1));
}

}  // namespace
}  // namespace stochflow
