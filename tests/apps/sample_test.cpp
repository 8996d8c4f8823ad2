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

}  // namespace
}  // namespace stochflow::apps

#endif
