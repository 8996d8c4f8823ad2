#ifdef STOCHFLOW_HAS_DIFFUSION

#include "sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include "support/output.hpp"
#include "support/resources.hpp"

namespace stochflow::apps {
namespace {

TEST(Samplers, AreAllInTheDocumentation) {
  const auto apps = resource("pretrained/mnist.safetensors").parent_path().parent_path();
  const std::string page = read_file(apps.parent_path() / "docs/samplers.md");
  static const std::regex row("\n\\| `([a-z0-9-]+)` \\|");
  std::vector<std::string> documented;
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) {
    documented.push_back((*it)[1]);
  }
  std::vector<std::string> names = sampler_names();
  std::sort(documented.begin(), documented.end());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(documented, names);
}

// A sample is a function of the seed and its number: of no batch, no neighbours, no threads.
class EverySampler : public testing::TestWithParam<std::string> {};

TEST_P(EverySampler, DrawsTheSameBitsInAnyCompany) {
  SampleRequest request{.method = GetParam(),
                        .steps = 3,
                        .rtol = 0.5,
                        .atol = 0.5,
                        .solver = "tsit5",  // the odeint steppers have one step size for a batch
                        .order = 2,
                        .langevin_steps = 2,
                        .gamma_end = -6,
                        .n = 5,
                        .batch = 5,
                        .seed = 11,
                        .threads = 1};
  const std::vector<float> together = run_sample(request).x.values;
  ASSERT_EQ(together.size(), 5U * 784U);
  request.batch = 2;
  request.threads = 2;
  EXPECT_EQ(run_sample(request).x.values, together);
  request.first = 3;
  request.n = 2;
  const std::vector<float> later(together.begin() + 3 * 784, together.end());
  EXPECT_EQ(run_sample(request).x.values, later);
  // Not because all samples are one.
  EXPECT_NE(std::vector<float>(together.begin(), together.begin() + 784),
            std::vector<float>(together.begin() + 784, together.begin() + 2 * 784));
}

INSTANTIATE_TEST_SUITE_P(Samplers,
                         EverySampler,
                         testing::ValuesIn(sampler_names()),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace stochflow::apps

#endif
