#include "stochflow/diffusion/data/coloured.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "diffusion/support/oracles.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

at::Tensor ramps(std::int64_t n) {
  return at::arange(256, at::kByte).view({1, 1, 16, 16}).repeat({n, 1, 1, 1});
}

TEST(Coloured, TheMeanOfTheChannelsIsHalfTheLevelWhateverTheHue) {
  const at::Tensor levels = ramps(200), found = coloured(levels);
  ASSERT_EQ(found.sizes(), (std::vector<std::int64_t>{200, 3, 16, 16}));
  EXPECT_EQ(found.scalar_type(), at::kByte);
  // Each channel is rounded by half a level at most.
  const at::Tensor off = found.to(at::kDouble).mean(1, true) - levels.to(at::kDouble) / 2;
  EXPECT_LE(off.abs().max().item<double>(), 0.5);
  EXPECT_EQ(found.select(2, 0).select(2, 0).max().item<int>(), 0);  // black stays black
  // The same image, whatever others are asked for.
  EXPECT_TRUE(at::equal(coloured(levels.slice(0, 0, 50), 150), found.slice(0, 150)));
  EXPECT_THROW(coloured(found), std::invalid_argument);
  EXPECT_THROW(coloured(levels.to(at::kDouble)), std::invalid_argument);
}

TEST(Coloured, OneHueForAnImageAndAllHuesForMany) {
  const at::Tensor images = coloured(ramps(200), 7);
  const HuesFound found = hues_of((images.to(at::kDouble) + 0.5) / 128 - 1);
  const at::Tensor apart = found.hue - hues(7, 200);
  EXPECT_LT((apart / 2).sin().abs().max().item<double>(), 2e-3);
  EXPECT_GT(found.agreement.min().item<double>(), 0.999);
  // sqrt(n) times the discrepancy of this sequence is below (1 + log n/log phi)/sqrt(n).
  const double uniform = kolmogorov_smirnov(
      to_vector(hues(7, 200)), [](double hue) { return hue / (2 * std::numbers::pi); });
  EXPECT_LT(uniform, 0.5);
}

TEST(Coloured, GreyImagesHaveNoHueAndTwoHuesDoNotAgree) {
  const at::Tensor white = at::ones({1, 3, 4, 4}, at::kDouble);
  EXPECT_LT(hues_of(white).agreement.item<double>(), 1e-3);
  // Left half red, right half green: two unit vectors 120 degrees apart sum to one.
  at::Tensor halves = at::full({1, 3, 4, 4}, -1, at::kDouble);
  halves.select(1, 0).slice(2, 0, 2).fill_(1);
  halves.select(1, 1).slice(2, 2, 4).fill_(1);
  const HuesFound found = hues_of(halves);
  EXPECT_NEAR(found.agreement.item<double>(), 0.5, 1e-12);
  EXPECT_NEAR(found.hue.item<double>(), std::numbers::pi / 3, 1e-12);
  EXPECT_THROW(hues_of(white.slice(1, 0, 2)), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
