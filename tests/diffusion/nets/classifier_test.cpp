#include "stochflow/diffusion/nets/classifier.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <unistd.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/metrics/classify.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/train/classifier_trainer.hpp"

namespace stochflow::diffusion {
namespace {

ClassifierConfig small() {
  return {.classes = 3,
          .height = 8,
          .width = 12,
          .channels = 8,
          .deep_channels = 16,
          .blocks = 1,
          .groups = 4,
          .embedding = 8};
}

at::Tensor draws(std::uint64_t draw, at::IntArrayRef shape, at::ScalarType type = at::kFloat) {
  return normals(
      RandomStream(5, Purpose::probe), sample_range(0, shape[0]), draw, at::empty(shape, type));
}

// With all parameters, the silent ones too, moved, so that nothing hides behind a zero.
Classifier stirred(const ClassifierConfig& config = small()) {
  Classifier classifier(config);
  classifier.initialise(1);
  const c10::NoGradGuard no_grad;
  std::uint64_t draw = 100;
  for (auto& p : classifier.parameters()) p.add_(0.1 * draws(draw++, p.sizes()));
  return classifier;
}

TEST(Classifier, AFreshOneFindsEveryClassEquallyLikely) {
  Classifier classifier(small());
  classifier.initialise(1);
  const at::Tensor p = classifier.log_probability(draws(0, {2, 1, 8, 12}), at::zeros({2}), 1);
  EXPECT_NEAR(p[0].item<double>(), -std::log(3.0), 1e-6);
  EXPECT_NEAR(p[1].item<double>(), -std::log(3.0), 1e-6);
}

TEST(Classifier, RowsDependOnThemselvesAndOnTheirNoiseLevel) {
  const Classifier classifier = stirred();
  const at::Tensor z = draws(0, {3, 1, 8, 12}), gamma = at::tensor({-4.0F, 0.0F, 2.0F});
  const auto all = classifier.evaluate(z, gamma);
  EXPECT_EQ(all.features.sizes(), (std::vector<std::int64_t>{3, 16}));
  const at::Tensor alone = classifier.evaluate(z.narrow(0, 1, 1), gamma.narrow(0, 1, 1)).logits;
  EXPECT_LT((all.logits[1] - alone[0]).abs().max().item<double>(), 1e-5);
  const at::Tensor noisier = classifier.evaluate(z, gamma + 1).logits;
  EXPECT_GT((noisier - all.logits).abs().max().item<double>(), 1e-3);
  // The classes' probabilities are different and sum to one.
  at::Tensor sum = at::zeros({3});
  for (std::int64_t k = 0; k < 3; ++k) sum += classifier.log_probability(z, gamma, k).exp();
  EXPECT_LT((sum - 1).abs().max().item<double>(), 1e-6);
  // Levels outside those it knows are the nearest it knows.
  const at::Tensor below = classifier.evaluate(z, gamma - 100).logits;
  const at::Tensor least = classifier.evaluate(z, at::full_like(gamma, -16)).logits;
  EXPECT_TRUE(below.equal(least));
}

TEST(Classifier, TheGradientOfItsProbabilityIsThatOfDifferences) {
  Classifier classifier = stirred();
  for (auto& p : classifier.parameters()) p.set_data(p.to(at::kDouble));
  const at::Tensor z = draws(1, {2, 1, 8, 12}, at::kDouble).requires_grad_(true);
  const at::Tensor direction = draws(2, {2, 1, 8, 12}, at::kDouble);
  const at::Tensor gamma = at::zeros({2}, at::kDouble);
  const auto value = [&](double h) {
    return classifier.log_probability(z + h * direction, gamma, 2).sum();
  };
  const at::Tensor gradient = torch::autograd::grad({value(0)}, {z})[0];
  const double h = 1e-4;
  const double difference = ((value(h) - value(-h)) / (2 * h)).item<double>();
  EXPECT_NEAR((gradient * direction).sum().item<double>(), difference, 1e-6);
}

TEST(Classifier, ImpossibleRequestsAreSentences) {
  EXPECT_THROW(Classifier({.classes = 1}), std::invalid_argument);
  EXPECT_THROW(Classifier({.height = 10}), std::invalid_argument);
  EXPECT_THROW(Classifier({.channels = 12}), std::invalid_argument);
  const Classifier classifier = stirred();
  EXPECT_THROW(classifier.evaluate(draws(0, {2, 1, 8, 8}), at::zeros({2})), std::invalid_argument);
  EXPECT_THROW(classifier.evaluate(draws(0, {2, 1, 8, 12}), at::zeros({3})), std::invalid_argument);
  EXPECT_THROW(classifier.log_probability(draws(0, {2, 1, 8, 12}), at::zeros({2}), 3),
               std::invalid_argument);
}

TEST(Classifier, ComesBackFromItsFileAndOthersAreRefused) {
  const auto file =
      std::filesystem::temp_directory_path() / ("stochflow-classifier-" + std::to_string(getpid()));
  const Classifier classifier = stirred();
  save_classifier(
      file,
      classifier,
      {.data_shape = {1, 8, 12}, .gamma_min = -16, .gamma_max = 5, .data = "test", .recipe = "{}"});
  const auto loaded = load_classifier(file);
  const at::Tensor z = draws(0, {2, 1, 8, 12}), gamma = at::zeros({2});
  EXPECT_TRUE(
      classifier.evaluate(z, gamma).logits.equal(loaded.classifier->evaluate(z, gamma).logits));
  EXPECT_EQ(loaded.description.data, "test");
  EXPECT_THROW(load_network(file), std::runtime_error);
  TensorFile content = read_tensors(file);
  content.tensors["golden/answer"] += 1;
  write_tensors(file, content);
  EXPECT_THROW(load_classifier(file), std::runtime_error);
  std::filesystem::remove(file);
}

// Class k has its k-th third bright. At gamma = -4 that is plain to see; at gamma = 5 the noise is
// twelve times the image.
TEST(Classifier, LearnsWhatCanBeSeen) {
  ClassifierConfig config = small();
  config.gamma_min = -8, config.gamma_max = 8;
  const std::int64_t n = 96;
  const at::Tensor labels = at::arange(n, at::kLong).remainder(3).to(at::kByte);
  at::Tensor images = at::zeros({n, 1, 8, 12}, at::kByte);
  for (std::int64_t i = 0; i < n; ++i) images[i].slice(2, 4 * (i % 3), 4 * (i % 3) + 4).fill_(255);
  const TrainSettings settings{
      .seed = 3, .steps = 80, .batch = 32, .learning_rate = 5e-3, .warm_up = 5, .average = 0.9};
  ClassifierTrainer trainer(config, settings, images, labels);
  ClassifierTrainer::Report report{};
  while (trainer.steps_made() < settings.steps) report = trainer.step();
  EXPECT_EQ(report.step, settings.steps);
  const Classifier trained = trainer.averaged();
  const auto share = [&](double gamma) {
    return accuracy(classify(trained, images, gamma, 1).logits, labels);
  };
  EXPECT_EQ(share(-4), 1);
  EXPECT_LT(share(8), 0.9);
  EXPECT_GT(share(0), 0.9);
}

TEST(Classifier, TrainsTheSameFromTheSameSeed) {
  const at::Tensor labels = at::arange(16, at::kLong).remainder(3).to(at::kByte);
  const at::Tensor images = (50 * at::arange(16, at::kLong))
                                .remainder(256)
                                .to(at::kByte)
                                .reshape({16, 1, 1, 1})
                                .expand({16, 1, 8, 12})
                                .contiguous();
  const auto loss = [&](std::uint64_t seed) {
    ClassifierTrainer trainer(small(), {.seed = seed, .steps = 3, .batch = 8}, images, labels);
    trainer.step();
    return trainer.step().loss;
  };
  EXPECT_EQ(loss(1), loss(1));
  EXPECT_NE(loss(1), loss(2));
  EXPECT_THROW(ClassifierTrainer(small(), {}, images, labels + 3), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
