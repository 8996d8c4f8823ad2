#ifdef STOCHFLOW_HAS_DIFFUSION

// The subcommands `conditional` and `evaluate`, on the images that come with the program.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
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

TEST(Conditional, NumbersOfAllClassesOneAfterTheOther) {
  const TemporaryFolder folder("conditional");
  const std::string file = (folder / "a.npy").string();
  const std::string common = "conditional --method unipc --steps 1 --scale 0 --n 2 --out '";
  ASSERT_EQ(run(common + file + "'").exit_code, 0);
  const NpyArray all = read_npy(file);
  EXPECT_EQ(all.shape, (std::vector<std::size_t>{20, 1, 28, 28}));
  ASSERT_EQ(all.values.size(), 20U * 784U);
  ASSERT_EQ(run(common + file + "' --class 9").exit_code, 0);
  EXPECT_EQ(read_npy(file).values,
            std::vector<double>(all.values.end() - 2 * 784, all.values.end()));
}

TEST(Conditional, MistakesAreSentences) {
  EXPECT_EQ(run("conditional --class ten").exit_code, 2);
  EXPECT_EQ(run("conditional --by magic").exit_code, 2);
  EXPECT_EQ(run("conditional --scale -1").exit_code, 2);
  EXPECT_EQ(run("conditional --out a.jpg").exit_code, 2);
  const Ending ending = run("conditional --by free --model '" +
                            resource("pretrained/mnist.safetensors").string() + "' --class 1");
  EXPECT_EQ(ending.exit_code, 1);
  EXPECT_NE(ending.output.find("trained without labels"), std::string::npos) << ending.output;
}

/// On a data set of the thousand embedded test images as both of its halves.
class OnEmbeddedImages : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string part : {"train", "t10k"}) {
      for (const std::string kind : {"images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"}) {
        std::filesystem::copy(resource("data/t10k-" + kind), folder_ / (part + "-" + kind));
      }
    }
  }
  /// What `evaluate` says of x [N, 1, 28, 28] in data units.
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

TEST_F(OnEmbeddedImages, EvaluateTellsDigitsFromDamagedOnesAndFindsCopies) {
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

TEST_F(OnEmbeddedImages, EvaluateRefusesOtherFiles) {
  const float numbers[] = {1, 2, 3};
  write_npy(folder_ / "y.npy", numbers, {3});
  const Ending ending = run("evaluate --data '" + folder_.path().string() + "' --samples '" +
                            (folder_ / "y.npy").string() + "'");
  EXPECT_EQ(ending.exit_code, 1);
  EXPECT_NE(ending.output.find("images of 28x28"), std::string::npos) << ending.output;
  std::vector<float> images(4 * 784, 0.0F);
  images[9] = std::numeric_limits<float>::quiet_NaN();
  write_npy(folder_ / "z.npy", images.data(), {4, 28, 28});
  const Ending other = run("evaluate --data '" + folder_.path().string() + "' --samples '" +
                           (folder_ / "z.npy").string() + "'");
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.output.find("NaN"), std::string::npos) << other.output;
}

TEST_F(OnEmbeddedImages, EvaluateSaysWhatItWasAsked) {
  const std::string command = "evaluate --data '" + folder_.path().string() +
                              "' --method ddim --steps 2 --n 8 --seeds 2 --seed 5 --json '" +
                              (folder_ / "e.json").string() + "'";
  const Ending ending = run(command);
  ASSERT_EQ(ending.exit_code, 0) << ending.output;
  for (const std::string said : {"over 2 sets", "evaluations", "seconds"}) {
    EXPECT_NE(ending.output.find(said), std::string::npos) << ending.output;
  }
  const json record = json::parse(read_file(folder_ / "e.json"));
  EXPECT_EQ(record.at("seed"), 5);
  EXPECT_GT(record.at("wall_seconds"), 0);
  ASSERT_EQ(record.at("results").size(), 3U);
  EXPECT_EQ(record.at("results")[1].at("set"), "ddim, seed 6");
  EXPECT_EQ(record.at("results")[1].at("nfe"), 3);
  EXPECT_GT(record.at("results")[1].at("seconds"), 0);
  EXPECT_FALSE(record.at("results")[2].contains("seconds"));
  EXPECT_NE(record.at("results")[0].at("frechet_distance"),
            record.at("results")[1].at("frechet_distance"));
}

// Four steps teach nothing; the file they leave is whole, and one that `evaluate` takes.
TEST_F(OnEmbeddedImages, TrainClassifierLeavesOneThatCanBeUsed) {
  const std::string data = "--data '" + folder_.path().string() + "'";
  const std::string out = (folder_ / "run").string();
  const json test =
      results_of("train classifier --clean --epochs 0.5 --channels 8 --deep-channels 8 " + data +
                     " --out '" + out + "'",
                 folder_ / "t.json")
          .at("test");
  ASSERT_EQ(test.size(), 1U);  // clean: at one noise level
  EXPECT_EQ(test[0].at("gamma"), -16);
  const float numbers[4 * 784] = {};
  write_npy(folder_ / "x.npy", numbers, {4, 784});
  const Ending ending =
      run("evaluate " + data + " --classifier '" + out + "/classifier.safetensors' --samples '" +
          (folder_ / "x.npy").string() + "'");
  EXPECT_EQ(ending.exit_code, 0) << ending.output;
}

}  // namespace
}  // namespace stochflow::apps

#endif
