#include "stochflow/diffusion/score/micro_batches.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

/// Squares its input and insists on five rows.
struct FiveRows final : NoisePredictor {
  mutable int calls = 0;
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    ++calls;
    EXPECT_EQ(z.size(0), 5);
    EXPECT_EQ(gamma.size(0), 5);
    return z.square() + gamma.unsqueeze(1);
  }
};

TEST(MicroBatches, AskTheModelInOneShapeOnly) {
  for (const std::int64_t B : {1, 4, 5, 6, 12}) {
    const FiveRows model;
    const MicroBatches wrapped(model, 5);
    const at::Tensor z = normals(RandomStream(1, Purpose::prior),
                                 sample_range(0, B),
                                 0,
                                 at::empty({B, 3}, at::kDouble))
                             .requires_grad_(true);
    const at::Tensor gamma = at::arange(B, at::kDouble);
    const at::Tensor found = wrapped.eps(z, gamma);
    EXPECT_TRUE(at::equal(found, z.square() + gamma.unsqueeze(1)));
    EXPECT_EQ(model.calls, (B + 4) / 5);
    const at::Tensor gradient = torch::autograd::grad({found.sum()}, {z})[0];
    EXPECT_TRUE(at::equal(gradient, 2 * z));
  }
  EXPECT_THROW(MicroBatches(FiveRows(), 0), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
