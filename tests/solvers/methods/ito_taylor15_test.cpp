// The Ito-Taylor scheme of order 1.5 beyond what the table of proofs tries: matrices of additive
// noise, and problems whose drift commutes with their noise, where it must do without areas.

#include "stochflow/methods/ito_taylor15.hpp"

#include <gtest/gtest.h>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/check_structure.hpp"
#include "stochflow/verify/one_step.hpp"
#include "stochflow/verify/one_step_problems.hpp"

namespace stochflow {
namespace {

using verify::prove_strong, verify::prove_weak;

/// Two components whose drifts commute with their noises at all times. In Stratonovich's form
/// f = x/(1 + t) + (0.5 + 0.3 t) g for the first, g = x^2/(1 + t), and f = (0.5 + 0.3 t) g for the
/// second, g = 0.4 (1 - x^2).
struct Commuting {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr bool drift_commutes = true;
  static constexpr double t0 = 0.3;
  static Vector<double, 2> x0() { return {0.8, -0.6}; }

  template <class T, class Time>
  Vector<T, 2> drift(const Vector<T, 2>& x, const Time& t) const {
    const Vector<T, 2> g = diffusion(x, t);
    const T a = T(0.5) + T(0.3) * T(t), b = T(1) / (T(1) + T(t));
    // With Dg g / 2, which makes the drift Ito's.
    return Vector<T, 2>(b * x[0] + (a + b * x[0]) * g[0], (a - T(0.4) * x[1]) * g[1]);
  }
  template <class T, class Time>
  Vector<T, 2> diffusion(const Vector<T, 2>& x, const Time& t) const {
    return Vector<T, 2>(x[0] * x[0] / (T(1) + T(t)), T(0.4) * (T(1) - x[1] * x[1]));
  }
};

TEST(ItoTaylor15, NeedsNoAreasWhereTheDriftCommutes) {
  EXPECT_TRUE(verify::check_structure(Commuting{}, Commuting::x0(), Commuting::t0));
  EXPECT_EQ(verify::detail::one_step(Commuting{}, ItoTaylor15{}, Commuting::x0(), 0.3).needs,
            NoiseInput::W);
  const auto strong = prove_strong(Commuting{}, ItoTaylor15{});
  EXPECT_TRUE(strong.holds()) << strong.order() << strong.weakest().quantity;
  const auto weak = prove_weak(Commuting{}, ItoTaylor15{});
  EXPECT_TRUE(weak.holds()) << weak.order() << weak.worst().quantity;
}

// Declared though it is not so, order 1 is left.
TEST(ItoTaylor15, AFalseDeclarationCostsOrder) {
  using Problem = verify::ProveDiagonal<Calculus::ito>;
  const auto strong =
      prove_strong(WithCommutingDrift<Problem>{}, ItoTaylor15{}, Problem::x0(), Problem::t0);
  EXPECT_FALSE(strong.holds());
  EXPECT_NEAR(strong.order(), 1, verify::exponent_tolerance);
}

// Increments with areas, as paths that are refined give, make the same step.
TEST(ItoTaylor15, IgnoresTheAreasThatItDoesNotNeed) {
  const SpaceTimeIncrement<Vector<double, 2>> dB{{0.1, -0.2}, {0.03, 0.05}};
  const auto with = ItoTaylor15{}.step(Commuting{}, Commuting::x0(), 0.3, 0.1, dB);
  const auto without = ItoTaylor15{}.step(
      Commuting{}, Commuting::x0(), 0.3, 0.1, Increment<Vector<double, 2>>{dB.W});
  EXPECT_TRUE((with == without).all());
}

TEST(ItoTaylor15, TakesMatricesOfAdditiveNoise) {
  const auto strong = prove_strong(verify::ProveAdditiveMatrix{}, ItoTaylor15{});
  EXPECT_TRUE(strong.holds()) << strong.order() << strong.weakest().quantity;
}

// In lanes the two declarations draw different noise, and W is the same in both: on an equation
// whose areas cancel the ends agree but for rounding.
TEST(ItoTaylor15, TheSamePathsWithAndWithoutAreas) {
  const GeometricBrownianMotion with;
  const auto without = ito<Noise::diagonal>([=](const auto& x, double) { return with.mu * x; },
                                            [=](const auto& x, double) { return with.sigma * x; });
  const EnsembleOptions options{.trajectories = 70, .seed = 5, .keep_values = true};
  const auto grid = uniform_grid(0, 1, 8);
  const auto a = simulate_lanes(with, ItoTaylor15{}, 1.0, grid, options);
  const auto b = simulate_lanes(without, ItoTaylor15{}, 1.0, grid, options);
  for (std::size_t k = 0; k < 70; ++k) {
    EXPECT_NEAR(a.values[0][0][k], b.values[0][0][k], 1e-14);
    const auto one = solve(with, ItoTaylor15{}, 1.0, grid, PathId{5, k});
    EXPECT_EQ(a.values[0][0][k], one.x);
  }
}

}  // namespace
}  // namespace stochflow
