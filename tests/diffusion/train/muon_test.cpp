#include "stochflow/diffusion/train/muon.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/train/optimiser.hpp"

namespace stochflow::diffusion {
namespace {

at::Tensor matrix(at::IntArrayRef shape) {
  return normals(
      RandomStream(5, Purpose::probe), sample_range(0, shape[0]), 0, at::empty(shape, at::kDouble));
}

// U^T O V is diagonal, with entries near 1, in the basis of the matrix itself.
TEST(Muon, KeepsTheSingularVectorsAndLevelsTheValues) {
  for (const at::Tensor& m : {matrix({6, 20}), matrix({20, 6}), matrix({8, 3, 2, 2})}) {
    const at::Tensor flat = m.flatten(1);
    const auto [U, S, Vh] = at::linalg_svd(flat, /*full_matrices=*/false);
    const at::Tensor O = orthogonalised(m);
    EXPECT_EQ(O.sizes(), m.sizes());
    const at::Tensor inner = at::mm(at::mm(U.t(), O.flatten(1)), Vh.t());
    EXPECT_LT((inner - at::diag(at::diag(inner))).abs().max().item<double>(), 1e-10);
    EXPECT_GT(at::diag(inner).min().item<double>(), 0.65);
    EXPECT_LT(at::diag(inner).max().item<double>(), 1.25);
    // Nothing of it lies outside these bases.
    EXPECT_NEAR(inner.norm().item<double>(), O.norm().item<double>(), 1e-10);
    EXPECT_GT(S.max().item<double>(), 1.25 * S.min().item<double>());  // or there was nothing to do
  }
}

TEST(Muon, LevelsValuesFarApart) {
  const auto [U, S, Vh] = at::linalg_svd(matrix({5, 9}), false);
  const at::Tensor spread = at::diag(at::tensor({1.0, 0.3, 0.1, 0.01, 0.0025}, at::kDouble));
  const at::Tensor inner =
      at::mm(at::mm(U.t(), orthogonalised(at::mm(at::mm(U, spread), Vh))), Vh.t());
  EXPECT_GT(at::diag(inner).min().item<double>(), 0.65);
  EXPECT_LT(at::diag(inner).max().item<double>(), 1.25);
}

TEST(Muon, ZeroStaysZeroAndScaleDoesNotMatter) {
  const at::Tensor m = matrix({4, 7});
  EXPECT_TRUE(orthogonalised(at::zeros_like(m)).equal(at::zeros_like(m)));
  EXPECT_TRUE(at::allclose(orthogonalised(m), orthogonalised(1e-6 * m), 1e-9, 1e-12));
}

TEST(Muon, StepsHaveTheirLength) {
  for (const at::Tensor& m : {matrix({16, 64}), matrix({64, 16})}) {
    const double size = std::sqrt(muon_direction(m).square().mean().item<double>());
    EXPECT_NEAR(size, 0.4, 0.08);
  }
}

struct Two : torch::nn::Module {
  Two() {
    inner = register_parameter("inner", at::zeros({2, 2}, at::kDouble));
    outer = register_parameter("outer", at::zeros({2, 2}, at::kDouble));
  }
  at::Tensor inner, outer;
};

// By hand for two steps: Nesterov's momentum of the hidden weight, Adam for the other.
TEST(Muon, IsForHiddenWeightsOnly) {
  Two module;
  TrainSettings s{.steps = 1000000, .learning_rate = 1, .warm_up = 0, .clip = 0};
  s.optimiser = Optimiser::muon;
  auto slots = optimiser_slots(module, [](const std::string& name) { return name == "inner"; });
  const at::Tensor g1 = matrix({2, 2}), g2 = at::flip(g1, {0}) + 1;
  {
    const c10::NoGradGuard no_grad;
    optimiser_step(slots, {g1, g1}, 1, s, 0);
    optimiser_step(slots, {g2, g2}, 1, s, 1);
  }
  const double b = s.momentum;
  const at::Tensor first = (1 - b) * g1, second = b * first + (1 - b) * g2;
  const at::Tensor expected =
      -muon_direction((1 - b) * g1 + b * first) - muon_direction((1 - b) * g2 + b * second);
  EXPECT_TRUE(at::allclose(module.inner.detach(), expected, 1e-9, 1e-9));
  // Adam's first step is the gradient's sign.
  EXPECT_TRUE(at::allclose(slots.at("outer").first, 0.1 * (0.9 * g1 + g2), 1e-9, 1e-9));
  EXPECT_FALSE(at::allclose(module.outer.detach(), expected, 0.1, 0.1));
}

TEST(Optimiser, NamesAreKnown) {
  for (const Optimiser o : {Optimiser::adam, Optimiser::muon}) {
    EXPECT_EQ(optimiser_named(name(o)), o);
  }
  EXPECT_THROW(optimiser_named("sgd"), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
