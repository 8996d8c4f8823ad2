#include "stochflow/diffusion/score/micro_batches.hpp"

#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

/// Squares its input and insists on five rows.
struct FiveRows final : NoisePredictor {
  mutable std::atomic<int> calls = 0;
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    ++calls;
    EXPECT_EQ(z.size(0), 5);
    EXPECT_EQ(gamma.size(0), 5);
    return z.square() + gamma.unsqueeze(1);
  }
};

TEST(MicroBatches, AskTheModelInOneShapeOnly) {
  for (const std::int64_t B : {1, 4, 5, 6, 12, 40}) {
    const FiveRows model;
    const MicroBatches wrapped(model, {.rows = 5, .threads = B > 6 ? 3 : 1});
    const at::Tensor z =
        normals(
            RandomStream(1, Purpose::prior), sample_range(0, B), 0, at::empty({B, 3}, at::kDouble))
            .requires_grad_(true);
    const at::Tensor gamma = at::arange(B, at::kDouble);
    const at::Tensor found = wrapped.eps(z, gamma);
    EXPECT_TRUE(at::equal(found, z.square() + gamma.unsqueeze(1)));
    EXPECT_EQ(model.calls.load(), (B + 4) / 5);
    const at::Tensor gradient = torch::autograd::grad({found.sum()}, {z})[0];
    EXPECT_TRUE(at::equal(gradient, 2 * z));
  }
}

TEST(MicroBatches, PassExceptionsAndGradientModeOn) {
  struct Refusing final : NoisePredictor {
    at::Tensor eps(const at::Tensor&, const at::Tensor&) const override {
      throw std::runtime_error(c10::GradMode::is_enabled() ? "with gradients"
                                                           : "without gradients");
    }
  };
  const Refusing model;
  const at::Tensor z = at::zeros({8, 3}), gamma = at::zeros({8});
  const auto message = [&](int threads) -> std::string {
    try {
      MicroBatches(model, {.rows = 1, .threads = threads}).eps(z, gamma);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  const c10::NoGradGuard guard;
  EXPECT_EQ(message(1), "without gradients");
  EXPECT_EQ(message(4), "without gradients");
  EXPECT_THROW(MicroBatches(model, {.rows = 0}).eps(z, gamma), std::invalid_argument);
  EXPECT_THROW(MicroBatches(model, {.threads = 0}).eps(z, gamma), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
