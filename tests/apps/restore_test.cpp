#ifdef STOCHFLOW_HAS_DIFFUSION

#include "restore/restore.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/support/program.hpp"
#include "apps/support/temporary_folder.hpp"
#include "support/errors.hpp"
#include "support/output.hpp"
#include "support/resources.hpp"

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

// The shipped network of digits in colours. A digit in which every pixel had a hue of its own would
// agree to 1/sqrt(pixels of ink), 0.1.
TEST(Restore, ColoursDigitsInOneHueThatTheyMayHaveHad) {
  const TemporaryFolder folder("restore");
  for (const std::string method : {"mmps", "repaint --resamples 1"}) {
    const auto file = folder / "a.json";
    const Ending ending = run("colourise --images 2:4 --samples 2 --steps 12 --method " + method +
                              " --json '" + file.string() + "'");
    ASSERT_EQ(ending.exit_code, 0) << ending.output;
    const auto results = nlohmann::json::parse(read_file(file)).at("results");
    EXPECT_LT(results.at("residual"), method == "mmps" ? 0.03 : 1e-6) << method;
    EXPECT_GT(results.at("hue_agreement"), 0.6) << method;
    EXPECT_GT(results.at("error"), 0.1) << method;  // a hue, but not the one it had
  }
}

TEST(Restore, SaysWhatCannotBe) {
  const Ending grey = run("colourise --images 0:1 --steps 1 --model '" +
                          resource("pretrained/mnist.safetensors").string() + "'");
  EXPECT_EQ(grey.exit_code, 1);
  EXPECT_NE(grey.output.find("made for images [1, 28, 28], these are [3, 28, 28]"),
            std::string::npos)
      << grey.output;

  Restoration coarse{.A = diffusion::mean_of_squares(4), .picture = {}};
  EXPECT_THROW(run_restore({.method = "repaint"}, coarse), UsageError);
  EXPECT_THROW(run_restore({.method = "magic"}, upper_part()), UsageError);
  EXPECT_THROW(run_restore({.images = "5:3"}, upper_part()), UsageError);
}

}  // namespace
}  // namespace stochflow::apps

#endif
