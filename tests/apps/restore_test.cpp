#ifdef STOCHFLOW_HAS_DIFFUSION

#include "restore/restore.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

Restoration upper_part() {
  at::Tensor known = at::zeros({1, 28, 28}, at::kDouble);
  known.slice(1, 0, 14).fill_(1);
  return {.A = diffusion::known_pixels(known),
          .picture = [](const at::Tensor& y) { return y; },
          .known = known};
}

// Two steps make no digits, but every part takes part: the shipped network, the measurement, the
// picture.
TEST(Restore, APictureOfTruthMeasurementAndSamples) {
  const RestoreRequest request{
      .images = "3:5", .samples = 2, .method = "repaint", .steps = 2, .resamples = 1};
  const RestoreReport report = run_restore(request, upper_part());
  EXPECT_EQ(report.columns, 4);
  ASSERT_EQ(report.rows.size(), 8U);
  EXPECT_EQ(report.nfe, 3);
  // Known pixels come back as they are.
  EXPECT_EQ(report.residual, 0);
  EXPECT_TRUE(std::isfinite(report.error));
  for (int row = 0; row < 14; ++row) {
    for (int column = 0; column < 28; ++column) {
      EXPECT_EQ(report.rows[2].at(row, column), report.rows[0].at(row, column));
    }
  }
  EXPECT_NE(report.rows[2].pixels, report.rows[3].pixels);
  EXPECT_EQ(report.x.shape, (std::vector<std::size_t>{4, 1, 28, 28}));
  EXPECT_EQ(report.x.values.size(), 4U * 784U);
}

TEST(Restore, MmpsComesNearerToTheMeasurementThanSamplesWithoutIt) {
  const RestoreRequest request{.images = "3:4", .samples = 1, .steps = 8, .noise = 0.05};
  const RestoreReport report = run_restore(request, upper_part());
  // The upper halves of two test images are 0.68 apart on average, and nearer than 0.5 in one pair
  // of twenty.
  EXPECT_LT(report.residual, 0.2);
}

TEST(Restore, SaysWhatCannotBe) {
  Restoration coarse{.A = diffusion::mean_of_squares(4), .picture = {}};
  EXPECT_THROW(run_restore({.method = "repaint"}, coarse), UsageError);
  EXPECT_THROW(run_restore({.method = "magic"}, upper_part()), UsageError);
  EXPECT_THROW(run_restore({.images = "5:3"}, upper_part()), UsageError);
}

}  // namespace
}  // namespace stochflow::apps

#endif
