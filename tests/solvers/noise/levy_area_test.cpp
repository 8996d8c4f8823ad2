// The law of the Lévy areas: conditional variances and covariances, characteristic functions, and
// Chen's relation. Every comparison is at 6 of its own standard errors; there are fewer than 60, so
// that all together fail for fewer than one seed in a million.

#include "stochflow/noise/levy_area.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"

namespace stochflow {
namespace {

using Pair = Vector<double, 2>;
using Triple = Vector<double, 3>;

/// The mean of independent samples, compared with what it should be.
class Sample {
 public:
  void add(double y) { ++n_, sum_ += y, squares_ += y * y; }
  void expect_mean(double expected, const char* what) const {
    const double mean = sum_ / n_, variance = squares_ / n_ - mean * mean;
    EXPECT_LT(std::abs(mean - expected), 6 * std::sqrt(variance / n_))
        << what << ": found " << mean << ", expected " << expected;
  }

 private:
  double n_ = 0, sum_ = 0, squares_ = 0;
};

/// The area over a step of length h given W = dW, and a fresh H where the kind uses it.
template <class V, class Area>
AreaOf<V> area_given(const V& dW, double h, const Area& area, std::uint64_t sample) {
  NormalSequence normal(RandomStream(2026, Purpose::levy_area), sample, 0);
  if constexpr (Area::needs_H) {
    V H = dW;
    for (Eigen::Index j = 0; j < H.size(); ++j) H[j] = std::sqrt(h / 12) * normal();
    return area(h, SpaceTimeIncrement<V>{dW, H}, normal);
  } else {
    return area(h, Increment<V>{dW}, normal);
  }
}

TEST(LevyArea, TailOfInverseSquares) {
  const double basel = std::numbers::pi * std::numbers::pi / 6;
  double sum = 0;
  for (int n = 0; n < 200; ++n) {
    EXPECT_NEAR(detail::tail_of_inverse_squares(n), basel - sum, 1e-14) << n;
    sum += 1.0 / ((n + 1.0) * (n + 1.0));
  }
}

// Given W: E A = 0, Var A_jk = h^2/12 + h/12 (W_j^2 + W_k^2), Cov(A_12, A_13) = h/12 W_2 W_3.
TEST(LevyArea, SecondMomentsGivenTheIncrement) {
  const double h = 0.3;
  const auto check = [&](const Triple& W, const auto& area, const char* what) {
    Sample first, mean, variance, covariance;
    for (std::uint64_t k = 0; k < 60000; ++k) {
      const auto A = area_given(W, h, area, k);
      ASSERT_EQ((A + A.transpose()).cwiseAbs().maxCoeff(), 0);
      mean.add(A(0, 1));
      first.add(A(0, 1) * A(0, 1));
      variance.add(A(1, 2) * A(1, 2));
      covariance.add(A(0, 1) * A(0, 2));
    }
    mean.expect_mean(0, what);
    first.expect_mean(h * h / 12 + h / 12 * (W[0] * W[0] + W[1] * W[1]), what);
    variance.expect_mean(h * h / 12 + h / 12 * (W[1] * W[1] + W[2] * W[2]), what);
    covariance.expect_mean(h / 12 * W[1] * W[2], what);
  };
  for (const Triple& W : {Triple(0, 0, 0), Triple(0.5, -0.9, 1.2)}) {
    check(W, MrongowiusRoesslerArea{1}, "Mrongowius and Roessler, 1 term");
    check(W, MrongowiusRoesslerArea{5}, "Mrongowius and Roessler, 5 terms");
    check(W, WiktorssonArea{1}, "Wiktorsson, 1 term");
    check(W, FosterArea{}, "Foster");
    check(W, DavieArea{}, "Davie");
  }
}

// Without sampling: with the normals of the series zero an area is linear in those of the tail, and
// unit vectors give its covariance. It must be that of the terms left out,
//   Cov(A_jk, A_jl) = c (w_k w_l + delta_kl (1 + w_j^2)),  c = h^2/(2 pi^2) sum_{r > n} 1/r^2.
template <class Area>
void expect_the_tails_covariance(const Area& area, int normals_of_the_tail) {
  const double h = 0.3;
  const int n = 2;
  const Triple W(0.5, -0.9, 0.4), w = W / std::sqrt(h);
  Eigen::MatrixXd pairs(3, normals_of_the_tail);  // rows: the entries 12, 13, 23
  for (int k = 0; k < normals_of_the_tail; ++k) {
    int drawn = 0;
    const auto normal = [&] { return drawn++ == 2 * 3 * n + k ? 1.0 : 0.0; };
    const auto A = area(h, Increment<Triple>{W}, normal);
    EXPECT_EQ(drawn, 2 * 3 * n + normals_of_the_tail);
    pairs.col(k) << A(0, 1), A(0, 2), A(1, 2);
  }
  const double pi = std::numbers::pi;
  const double c = h * h / (2 * pi * pi) * (pi * pi / 6 - 1 - 0.25);
  Eigen::Matrix3d expected;
  expected << 1 + w[0] * w[0] + w[1] * w[1], w[1] * w[2], -w[0] * w[2],  //
      w[1] * w[2], 1 + w[0] * w[0] + w[2] * w[2], w[0] * w[1],           //
      -w[0] * w[2], w[0] * w[1], 1 + w[1] * w[1] + w[2] * w[2];
  EXPECT_LT((pairs * pairs.transpose() - c * expected).cwiseAbs().maxCoeff(), 1e-15);
}
TEST(LevyArea, TailsHaveTheExactCovariance) {
  expect_the_tails_covariance(MrongowiusRoesslerArea{2}, 3 + 3);
  expect_the_tails_covariance(WiktorssonArea{2}, 3);
}

// Var(A | W, H) - E[A | W, H]^2 depends on H in Foster's form: h^2/20 + h (H_1^2 + H_2^2)/5.
TEST(LevyArea, FosterVarianceGivenSpaceTimeArea) {
  const double h = 0.5;
  const SpaceTimeIncrement<Pair> dB{Pair(0.4, -0.7), Pair(0.3, 0.2)};
  const double mean = dB.H[0] * dB.W[1] - dB.W[0] * dB.H[1];
  Sample centre, square;
  for (std::uint64_t k = 0; k < 60000; ++k) {
    NormalSequence normal(RandomStream(5, Purpose::levy_area), k, 0);
    const double B = FosterArea{}(h, dB, normal)(0, 1) - mean;
    centre.add(B);
    square.add(B * B);
  }
  centre.expect_mean(0, "mean");
  square.expect_mean(h * h / 20 + h * (0.09 + 0.04) / 5, "variance");
}

// Lévy's formulas, the whole law: E exp(i l A) = 1/cosh(l h/2), and given W, with y = l h/2,
// y/sinh(y) exp(-(|W|^2/2h) (y coth(y) - 1)).
TEST(LevyArea, CharacteristicFunction) {
  const double h = 0.4;
  const Pair W(0.5, -0.35);
  for (const double y : {0.5, 1.5, 3.0}) {
    Sample free, given;
    for (std::uint64_t k = 0; k < 100000; ++k) {
      const FreshIncrements<Pair> path(3, k, Pair::Zero());
      const Pair w = path.increment({0, 0, h}).W;
      free.add(std::cos(2 * y / h * area_given(w, h, MrongowiusRoesslerArea{12}, k)(0, 1)));
      given.add(std::cos(2 * y / h * area_given(W, h, MrongowiusRoesslerArea{12}, k)(0, 1)));
    }
    free.expect_mean(1 / std::cosh(y), "free");
    const double spread = W.square().sum() / (2 * h);
    given.expect_mean(y / std::sinh(y) * std::exp(-spread * (y / std::tanh(y) - 1)), "given W");
  }
}

// Foster's area has the law's moments only; summed over cells it has the law.
TEST(LevyArea, FosterSummedOverCellsHasTheLaw) {
  Sample characteristic[2], fourth, square;
  const double h = 0.7;
  for (std::uint64_t k = 0; k < 100000; ++k) {
    const Coarsened path(FreshIncrements<Pair, FosterArea>(8, k, Pair::Zero()), 8);
    const double A = path.area_increment({3, 0, h}).A(0, 1);
    characteristic[0].add(std::cos(2 / h * A));
    characteristic[1].add(std::cos(5 / h * A));
    square.add(A * A);
    fourth.add(A * A * A * A);
  }
  characteristic[0].expect_mean(1 / std::cosh(1.0), "characteristic function");
  characteristic[1].expect_mean(1 / std::cosh(2.5), "characteristic function");
  square.expect_mean(h * h / 4, "variance");
  fourth.expect_mean(5 * h * h * h * h / 16, "kurtosis 5");
}

TEST(LevyArea, NumberOfTermsForStrongOrderOne) {
  EXPECT_EQ(MrongowiusRoesslerArea::terms_for(2, 1.0), 1);
  // sqrt(2)/(sqrt(12) pi 0.01) = 12.99, sqrt(10)/(sqrt(12) pi 0.01) = 29.06
  EXPECT_EQ(MrongowiusRoesslerArea::terms_for(2, 1e-4), 13);
  EXPECT_EQ(WiktorssonArea::terms_for(2, 1e-4), 30);
}

TEST(AreaIncrement, HasTheIncrementOfThePath) {
  const FreshIncrements<Pair> path(1, 2, Pair::Zero());
  const Step step{4, 0.4, 0.1};
  const auto dB = path.area_increment(step);
  EXPECT_TRUE((dB.W == path.increment(step).W).all());
  EXPECT_EQ(dB.A, path.area_increment(step).A);
  EXPECT_EQ(dB.A(0, 1), -dB.A(1, 0));
  EXPECT_NE(dB.A(0, 1), path.area_increment({5, 0.5, 0.1}).A(0, 1));
  using Any = Vector<double>;
  const FreshIncrements<Any> dynamic(1, 2, Any::Zero(2));
  EXPECT_NEAR(dynamic.area_increment(step).A(0, 1), dB.A(0, 1), 1e-17);
  EXPECT_EQ((FreshIncrements<double>(1, 2).area_increment(step).A), 0.0);
}

// A path of straight pieces: the area of the polygon, whatever the order of merging.
TEST(AreaIncrement, MergesToTheAreaOfAPolygon) {
  const AreaIncrement<Pair> a{Pair(1, 0.5), Matrix<double, 2>::Zero()},
      b{Pair(-0.3, 2), Matrix<double, 2>::Zero()}, c{Pair(0.7, -1.1), Matrix<double, 2>::Zero()};
  const auto left = merge(merge(a, 1, b, 1), 2, c, 1), right = merge(a, 1, merge(b, 1, c, 1), 2);
  const Pair p = a.W, q = a.W + b.W, r = q + c.W;
  const double shoelace = 0.5 * (p[0] * q[1] - q[0] * p[1] + q[0] * r[1] - r[0] * q[1]);
  EXPECT_NEAR(left.A(0, 1), shoelace, 1e-15);
  EXPECT_NEAR(right.A(0, 1), shoelace, 1e-15);
  EXPECT_NEAR(left.A(1, 0), -shoelace, 1e-15);
}

TEST(IteratedIntegrals, ProductRule) {
  const double h = 0.2;
  const FreshIncrements<Triple> path(1, 2, Triple::Zero());
  const auto dB = path.area_increment({0, 0, h});
  const auto ito = iterated_integrals<Calculus::ito>(h, dB);
  const auto stratonovich = iterated_integrals<Calculus::stratonovich>(h, dB);
  // I_jk + I_kj = W_j W_k - h delta_jk, and I_jk - I_kj = 2 A_jk.
  const Matrix<double, 3> WW = dB.W.matrix() * dB.W.matrix().transpose();
  const Matrix<double, 3> hI = h * Matrix<double, 3>::Identity();
  EXPECT_LT((ito + ito.transpose() - (WW - hI)).cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_LT((stratonovich + stratonovich.transpose() - WW).cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_LT((ito - ito.transpose() - 2 * dB.A).cwiseAbs().maxCoeff(), 1e-16);
  const auto symmetric = iterated_integrals<Calculus::ito>(h, Increment<Triple>{dB.W});
  EXPECT_LT((symmetric + dB.A - ito).cwiseAbs().maxCoeff(), 1e-16);
}

}  // namespace
}  // namespace stochflow
