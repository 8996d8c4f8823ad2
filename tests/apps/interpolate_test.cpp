#ifdef STOCHFLOW_HAS_DIFFUSION

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/support/program.hpp"
#include "apps/support/temporary_folder.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

// The ends of each row are the images that were encoded; the picture is written.
TEST(Interpolate, EndsAtTheImagesItStartedFrom) {
  const TemporaryFolder folder("interpolate");
  const auto picture = folder / "rows.png", record = folder / "record.json";
  const Ending result = run("interpolate --images 0,1 --between 1 --out '" + picture.string() +
                            "' --json '" + record.string() + "'");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(read_file(picture).substr(1, 3), "PNG");
  const auto results = nlohmann::json::parse(read_file(record))["results"];
  // 0.4 to 3 for other tolerances and seeds; the two images are 103 apart.
  EXPECT_LT(results["round_trip_grey_levels"], 10);
  EXPECT_GT(results["nfe_encode"], 10);
  EXPECT_GT(results["nfe_decode"], 10);
}

}  // namespace
}  // namespace stochflow::apps

#endif
