#include <gtest/gtest.h>

#include "solvers/ensemble/lanes_are_trajectories.hpp"
#include "stochflow/correlated.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/exponential/exponential_euler.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/milstein_general_derivative_free.hpp"
#include "stochflow/methods/reversible_heun.hpp"
#include "stochflow/methods/sri2.hpp"
#include "stochflow/methods/srs2.hpp"

namespace stochflow {
namespace {

using testing::expect_lanes_are_trajectories;

/// Three Brownian motions, and a state that each of them moves in another direction.
constexpr auto drift = []<class T>(const Vector<T, 2>& x, double t) {
  return Vector<T, 2>(x[1], t - x[0]);
};
constexpr auto diffusion = []<class T>(const Vector<T, 2>& x, double) {
  Matrix<T, 2, 3> g;
  g << x[0], 0.5 * x[1], T(0.3), T(0.2), x[0] * x[1], 0.1 * x[0];
  return g;
};

// Products of matrices are where a library's own loops round doubles otherwise than packs.
TEST(Lanes, AreTheTrajectoriesOfGeneralNoiseToTheBit) {
  const Vector<double, 2> x0(1.0, 0.5);
  const auto in_ito = ito<Noise::general>(drift, diffusion);
  const auto in_stratonovich = stratonovich<Noise::general>(drift, diffusion);
  expect_lanes_are_trajectories(in_ito, MilsteinGeneral{}, x0);
  expect_lanes_are_trajectories(in_ito, MilsteinGeneralDerivativeFree{}, x0);
  expect_lanes_are_trajectories(in_ito, SRI2{}, x0);
  expect_lanes_are_trajectories(in_stratonovich, SRS2{}, x0);
  expect_lanes_are_trajectories(in_stratonovich, MilsteinGeneralDerivativeFree{}, x0);
  expect_lanes_are_trajectories(in_stratonovich, ReversibleHeun{}, x0);
  Matrix<double, 3> covariance;
  covariance << 1, 0.5, 0.2, 0.5, 1, -0.3, 0.2, -0.3, 1;
  const auto together = correlated(in_ito, covariance);
  expect_lanes_are_trajectories(together, SRI2{}, x0);
  expect_lanes_are_trajectories(together, EulerMaruyama{}, x0);
}

struct Oscillator {
  static constexpr auto calculus = Calculus::ito;
  static constexpr auto noise = Noise::additive;

  Matrix<double, 2> linear_part() const {
    Matrix<double, 2> A;
    A << -0.3, 1, -1, -0.3;
    return A;
  }
  template <class T>
  Vector<T, 2> remainder(const Vector<T, 2>& x, double t) const {
    return Vector<T, 2>(T(t), x[0] * x[0]);
  }
  template <class X>
  Vector<double, 2> diffusion(const X&, double) const {
    return {0.3, 0.1};
  }
};

TEST(Lanes, AreTheTrajectoriesOfExponentialMethodsToTheBit) {
  expect_lanes_are_trajectories(Oscillator{}, ExponentialEuler{}, Vector<double, 2>(1.0, 0.5));
}

}  // namespace
}  // namespace stochflow
