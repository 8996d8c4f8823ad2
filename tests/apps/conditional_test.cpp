#ifdef STOCHFLOW_HAS_DIFFUSION

// The subcommands `conditional` and `evaluate`, on the images that come with the program.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/support/program.hpp"
#include "apps/support/temporary_folder.hpp"
#include "mnist_images.hpp"
#include "support/npy.hpp"
#include "support/output.hpp"
#include "support/resources.hpp"

namespace stochflow::apps {
namespace {

using nlohmann::json;

json results_of(const std::string& arguments, const std::filesystem::path& file) {
  const Ending ending = run(arguments + " --json '" + file.string() + "'");
  EXPECT_EQ(ending.exit_code, 0) << ending.output;
  return json::parse(read_file(file)).at("results");
}

// Few steps make plain digits, but of the class that is asked for.
TEST(Conditional, AsksForAClassByEitherWay) {
  const TemporaryFolder folder("conditional");
  const std::string common = "conditional --method unipc --steps 6 --out '" +
                             (folder / "a.png").string() + "' --class 3 --n 12 --by ";
  const json guided = results_of(common + "classifier --scale 2", folder / "a.json");
  EXPECT_GE(guided.at("accuracy"), 0.75);
  EXPECT_EQ(guided.at("nfe"), 7);  // the last removes the noise that is left
  const json free = results_of(common + "free --scale 1", folder / "b.json");
  EXPECT_GE(free.at("accuracy"), 0.75);
  EXPECT_EQ(free.at("nfe"), 7);
  const json exaggerated = results_of(common + "free --scale 2", folder / "c.json");
  EXPECT_EQ(exaggerated.at("nfe"), 14);
  EXPECT_GE(exaggerated.at("accuracy"), 0.75);
  // Unguided, one digit in ten is a 3.
  const json without = results_of(common + "classifier --scale 0", folder / "d.json");
  EXPECT_LE(without.at("accuracy"), 0.5);
}

TEST(Conditional, MistakesAreSentences) {
  EXPECT_EQ(run("conditional --class ten").exit_code, 2);
  EXPECT_EQ(run("conditional --by magic").exit_code, 2);
  const Ending ending = run("conditional --by free --model '" +
                            resource("pretrained/mnist.safetensors").string() + "' --class 1");
  EXPECT_EQ(ending.exit_code, 1);
  EXPECT_NE(ending.output.find("trained without labels"), std::string::npos) << ending.output;
}

class Evaluate : public testing::Test {
 protected:
  // The thousand embedded test images as both halves of a data set.
  void SetUp() override {
    for (const std::string part : {"train", "t10k"}) {
      for (const std::string kind : {"images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"}) {
        std::filesystem::copy(resource("data/t10k-" + kind), folder_ / (part + "-" + kind));
      }
    }
  }
  json figures(const at::Tensor& x) const {
    const at::Tensor numbers = x.to(at::kFloat).contiguous();
    std::vector<std::size_t> shape;
    for (const std::int64_t n : numbers.sizes()) shape.push_back(static_cast<std::size_t>(n));
    write_npy(folder_ / "x.npy", numbers.data_ptr<float>(), shape);
    return results_of("evaluate --data '" + folder_.path().string() + "' --samples '" +
                          (folder_ / "x.npy").string() + "'",
                      folder_ / "e.json");
  }
  const TemporaryFolder folder_{"evaluate"};
};

TEST_F(Evaluate, TellsDigitsFromDamagedOnesAndFindsCopies) {
  const at::Tensor x = (mnist_images("test", {200, 600}).to(at::kFloat) + 0.5F) / 128 - 1;
  const json same = figures(x), damaged = figures(x.flip(2));
  ASSERT_EQ(same.size(), 2U);  // and the test images beside them
  EXPECT_EQ(same[1].at("set"), "test images");
  EXPECT_EQ(same[1].at("images"), 400);
  EXPECT_LT(same[0].at("nearest_training_image"), 0.2);  // dequantised in its own middle
  EXPECT_GT(same[0].at("precision"), 0.9);
  EXPECT_GT(damaged[0].at("nearest_training_image"), 3);
  EXPECT_GT(damaged[0].at("frechet_distance").get<double>(),
            5 * same[0].at("frechet_distance").get<double>());
  EXPECT_GT(damaged[0].at("kernel_distance").get<double>(),
            5 * std::abs(same[0].at("kernel_distance").get<double>()));
  EXPECT_LT(damaged[0].at("precision").get<double>(), same[0].at("precision").get<double>());
}

TEST_F(Evaluate, OtherFilesAreRefused) {
  const float numbers[] = {1, 2, 3};
  write_npy(folder_ / "y.npy", numbers, {3});
  const Ending ending = run("evaluate --data '" + folder_.path().string() + "' --samples '" +
                            (folder_ / "y.npy").string() + "'");
  EXPECT_EQ(ending.exit_code, 1);
  EXPECT_NE(ending.output.find("images of 28x28"), std::string::npos) << ending.output;
}

}  // namespace
}  // namespace stochflow::apps

#endif
