#ifdef STOCHFLOW_HAS_DIFFUSION

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/support/program.hpp"
#include "apps/support/temporary_folder.hpp"
#include "support/output.hpp"
#include "support/resources.hpp"

namespace stochflow::apps {
namespace {

// A network and itself agree about every image; two images have different latents.
TEST(Identify, ANetworkAgreesWithItself) {
  const TemporaryFolder folder("identify");
  const auto out = folder / "record.json";
  const Ending result =
      run("identify --images 0:2 --tolerance 0.1 --other '" +
          resource("pretrained/mnist.safetensors").string() + "' --json '" + out.string() + "'");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const auto results = nlohmann::json::parse(read_file(out))["results"];
  EXPECT_NEAR(results["same_image"]["mean"].get<double>(), 1, 1e-12);
  EXPECT_EQ(results["distance_same"], 0);
  EXPECT_LT(results["different_images"]["mean"].get<double>(), 0.5);
  EXPECT_GT(results["distance_different"], 0.5);
}

}  // namespace
}  // namespace stochflow::apps

#endif
