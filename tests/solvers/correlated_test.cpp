#include "stochflow/correlated.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/check_structure.hpp"

namespace stochflow {
namespace {

using Pair = Vector<double, 2>;

const auto still = [](const auto& x, double) { return x * 0.0; };

// Correlated noise keeps its promises: covariance g C g^T, and the structure it declares.
TEST(Correlated, CovarianceAndStructureAreThoseDeclared) {
  using Triple = Vector<double, 3>;
  const auto basket = ito<Noise::diagonal>([](const auto& x, double) { return x * 0.05; },
                                           [](const auto& x, double) { return x * 0.2; });
  Matrix<double, 3> C;
  C << 1, 0.5, -0.3, 0.5, 1, 0.2, -0.3, 0.2, 1;
  const auto sde = correlated(basket, C);
  static_assert(decltype(sde)::noise == Noise::commutative);
  const Triple x(1, 2, -0.5);
  const Matrix<double, 3> gL = sde.diffusion(x, 0);
  const Matrix<double, 3> g = (0.2 * x).matrix().asDiagonal();
  EXPECT_LT((gL * gL.transpose() - g * C * g).cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_EQ(verify::check_structure(sde, x, 0.0).found, Noise::commutative);
  for (int k = 0; k < 3; ++k) {  // the short cut gives the columns of the matrix
    const Triple unit = Eigen::Vector3d::Unit(k).array();
    EXPECT_LT((sde.noise_term(x, 0.0, unit).matrix() - gL.col(k)).cwiseAbs().maxCoeff(), 1e-16);
  }

  const auto heston = correlated(Heston{}, Eigen::Matrix2d{{1, 0.4}, {0.4, 2}});
  static_assert(decltype(heston)::noise == Noise::general);
  const Pair y(0.1, 0.04);
  const Matrix<double, 2> h = Heston{}.diffusion(y, 0), hL = heston.diffusion(y, 0);
  const Matrix<double, 2> expected = h * Eigen::Matrix2d{{1, 0.4}, {0.4, 2}} * h.transpose();
  EXPECT_LT((hL * hL.transpose() - expected).cwiseAbs().maxCoeff(), 1e-16);

  const auto additive =
      correlated(ito<Noise::additive>(still, [](const auto&, double) { return 2.0; }), C);
  static_assert(decltype(additive)::noise == Noise::additive);
  const Matrix<double, 3> a = additive.diffusion(x, 0);
  EXPECT_LT((a * a.transpose() - 4 * C).cwiseAbs().maxCoeff(), 1e-15);
}

// Each asset of a correlated basket is a geometric Brownian motion driven by B = L W.
TEST(Correlated, MilsteinOnABasket) {
  const auto basket = ito<Noise::diagonal>([](const auto& x, double) { return x * 0.05; },
                                           [](const auto& x, double) { return x * 0.2; });
  const auto sde = correlated(basket, Eigen::Matrix2d{{1, -0.6}, {-0.6, 1}});
  const Pair x(1, 2), W(0.3, -0.2);
  const double h = 0.1;
  const Pair B(W[0], -0.6 * W[0] + 0.8 * W[1]);
  const Pair next = Milstein{}.step(sde, x, 0, h, Increment<Pair>{W});
  const Pair expected = x * (1 + 0.05 * h + 0.2 * B + 0.02 * (B * B - h));
  EXPECT_LT((next - expected).abs().maxCoeff(), 1e-15);
  const auto run = solve(sde, Milstein{}, x, uniform_grid(0, 1, 16), PathId{1, 2});
  EXPECT_EQ(run.outcome.status, Status::ok);
}

TEST(Correlated, CholeskyFactor) {
  const Eigen::Matrix2d singular{{1, -1}, {-1, 1}};
  const Eigen::Matrix2d L = cholesky_factor<2>(singular);
  EXPECT_LT((L * L.transpose() - singular).cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_THROW(cholesky_factor<2>(Eigen::Matrix2d{{1, 1.5}, {1.5, 1}}), std::invalid_argument);
  EXPECT_THROW(cholesky_factor<2>(Eigen::Matrix2d{{1, 0.5}, {0.4, 1}}), std::invalid_argument);
  EXPECT_THROW(cholesky_factor<2>(Eigen::Matrix2d{{0, 0.5}, {0.5, 1}}), std::invalid_argument);
  EXPECT_THROW(cholesky_factor<2>(Eigen::Matrix2d{{NAN, 0}, {0, 1}}), std::invalid_argument);
  EXPECT_THROW(cholesky_factor<Eigen::Dynamic>(Matrix<double>::Zero(2, 3)), std::invalid_argument);
  const auto sde = correlated(Heston{}, Matrix<double>::Identity(3, 3));
  EXPECT_THROW(sde.diffusion(Pair(0.1, 0.04), 0), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
