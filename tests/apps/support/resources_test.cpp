#include "support/resources.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "apps/support/temporary_folder.hpp"
#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;

TEST(Resources, ANetworkIsAFileOrOneThatComesAlong) {
  const fs::path standard = resource("pretrained/mnist.safetensors");
  EXPECT_EQ(or_shipped("", "mnist.safetensors"), standard);
  EXPECT_EQ(or_shipped("mnist", "mnist-judge.safetensors"), standard);
  // What looks like a file is taken for one, there or not: whoever reads it says what is wrong.
  EXPECT_EQ(or_shipped("mine/mnist", "mnist.safetensors"), fs::path("mine/mnist"));
  EXPECT_EQ(or_shipped("mnist.ts", "mnist.safetensors"), fs::path("mnist.ts"));
  try {
    or_shipped("mnits", "mnist.safetensors");
    FAIL() << "an unknown name was taken";
  } catch (const UsageError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("unknown network 'mnits'"), std::string::npos) << message;
    EXPECT_NE(message.find("mnist, mnist-classes"), std::string::npos) << message;
  }
}

TEST(Resources, AFileOfOnesOwnComesFirst) {
  const TemporaryFolder folder("resources");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  std::ofstream("mnist") << "mine";
  const fs::path found = or_shipped("mnist", "mnist.safetensors");
  fs::current_path(before);
  EXPECT_EQ(found, fs::path("mnist"));
}

}  // namespace
}  // namespace stochflow::apps
