// Every method of the catalogue for additive noise, on tensors: a sample gets what the trajectory
// of its number gets on Eigen states, from the same text and the same noise.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

/// Methods that need more of a state than + - *: Jacobians, second derivatives, norms.
template <class M>
constexpr bool takes_tensors() {
  const std::string_view name = M::facts.name;
  for (const char* const other : {"ItoTaylor15",
                                  "ThetaEuler",
                                  "ImplicitMilstein",
                                  "ImplicitMidpoint",
                                  "SplitStepBackwardEuler",
                                  "KenCarpSRA",
                                  "SkRock",
                                  "SRock2",
                                  "TamedEuler",
                                  "TamedMilstein",
                                  "TruncatedEuler"}) {
    if (name == other) return false;
  }
  return M::facts.claims(Noise::additive);
}

double at_place(const at::Tensor& x, std::int64_t row, std::int64_t k) {
  return x[row][k].item<double>();
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

TEST(TensorState, RunsEveryMethodAsEigenStatesDo) {
  const auto sde =
      ito<Noise::additive>([](const auto& x, double t) { return (-1 - t) * x + 0.3 * x * x; },
                           [](const auto&, double t) { return 1 + t; });
  const std::vector<double> grid = uniform_grid(0, 1, 10);
  const at::Tensor start = doubles({-1, 0.5, 0.2, 0.3, -0.7, 1}, {2, 3});
  int tried = 0;
  verify::for_each_type<verify::Methods>([&](auto method) {
    using M = decltype(method);
    if constexpr (takes_tensors<M>()) {
      SCOPED_TRACE(M::facts.name);
      ++tried;
      const auto tensor = solve(sde, method, start, grid, TensorIncrements(3, {8, 4}, start));
      ASSERT_TRUE(tensor.outcome.ok());
      for (const std::int64_t row : {0, 1}) {
        Vector<double, 3> x0;
        for (Eigen::Index k = 0; k < 3; ++k) {
          x0[k] = at_place(start, row, k);
        }
        const auto eigen = solve(sde, method, x0, grid, PathId{3, row == 0 ? 8u : 4u});
        for (Eigen::Index k = 0; k < 3; ++k) {
          EXPECT_NEAR(at_place(tensor.x, row, k), eigen.x[k], 1e-12);
        }
      }
    }
  });
  EXPECT_GE(tried, 30);
}

// The reverse SDE of Gaussian data, 60 steps: 2,000 samples know the mean to 0.022 standard
// deviations and the variance to 0.032 of it; what is left is for the methods' own errors, a few
// percent.
TEST(TensorState, EveryMethodSolvesTheReverseSde) {
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  const Schedule schedule = linear_log_snr(-8, 8);
  const ReverseSde sde{schedule, gaussian};
  const std::vector<double> grid = uniform_grid(0, schedule.t1 - schedule.t0, 60);
  const SampleIds ids = sample_range(0, 2000);
  const at::Tensor x1 =
      normals(RandomStream(1, Purpose::probe), ids, 0, at::empty({2000, 3}, at::kDouble));
  verify::for_each_type<verify::Methods>([&](auto method) {
    using M = decltype(method);
    if constexpr (takes_tensors<M>() && M::facts.solves_ito) {
      SCOPED_TRACE(M::facts.name);
      const auto run = solve(sde, method, x1, grid, TensorIncrements(2, ids, x1));
      ASSERT_TRUE(run.outcome.ok());
      const at::Tensor off = (run.x.mean(0) - mean) / var.sqrt();
      EXPECT_LT(largest(off), 0.15);
      EXPECT_LT(largest(run.x.var(0) / var - 1), 0.25);
    }
  });
}

}  // namespace
}  // namespace stochflow::diffusion
