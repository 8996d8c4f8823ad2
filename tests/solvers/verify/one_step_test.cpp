// What proofs of order rest on, against closed forms: series, quadrature, moments by the generator,
// the Taylor scheme on a path; and a user's own method, proved and refuted.

#include "stochflow/verify/one_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/verify/one_step_problems.hpp"

namespace stochflow::verify {
namespace {

TEST(Series, ArithmeticAndDerivativesOfAProduct) {
  const Series x = Series::variable(0, 0.5), t = Series::variable(Series::time, 2.0);
  const Series y = (3 + x * x * t - x) / (x + 1) * t;
  // y = (3 + x^2 t - x) t / (1 + x), by hand at (0.5, 2)
  EXPECT_NEAR(y.constant(), (3 + 0.25 * 2 - 0.5) * 2 / 1.5, 1e-15);
  EXPECT_NEAR(y.derivative(0).constant(), 2 * ((2 * 0.5 * 2 - 1) / 1.5 - 3.0 / 2.25), 1e-14);
  EXPECT_NEAR(y.derivative(Series::time).constant(), (3 + 2 * 0.25 * 2 - 0.5) / 1.5, 1e-14);
  EXPECT_EQ(y.derivative(1).constant(), 0);
}

TEST(Series, FunctionsHaveTheirSixDerivatives) {
  const Series x = Series::variable(0, 0.7);
  const auto nth = [](Series s, int n) {
    for (int k = 0; k < n; ++k) s = s.derivative(0);
    return s.constant();
  };
  for (int n = 0; n <= 6; ++n) {
    const double factorial = std::tgamma(n + 1.0), sign = n % 2 == 0 ? 1 : -1;
    EXPECT_NEAR(nth(exp(2 * x), n), std::pow(2, n) * std::exp(1.4), 1e-11) << n;
    EXPECT_NEAR(nth(sin(x), n), std::sin(0.7 + n * std::acos(0.0)), 1e-13) << n;
    EXPECT_NEAR(nth(cos(x), n), std::cos(0.7 + n * std::acos(0.0)), 1e-13) << n;
    EXPECT_NEAR(nth(1 / x, n) / (sign * factorial * std::pow(0.7, -1 - n)), 1, 1e-12) << n;
    if (n > 0) {
      EXPECT_NEAR(nth(log(x), n) / nth(1 / x, n - 1), 1, 1e-12) << n;
    }
    EXPECT_NEAR(nth(sqrt(x) * sqrt(x), n), n == 0 ? 0.7 : n == 1 ? 1 : 0, 1e-10) << n;
  }
}

TEST(NoiseNodes, HaveTheMomentsOfTheVariables) {
  for (const int n : {1, 2, 5, 8}) {
    double moment[6] = {};
    for (const Node& node : gauss_hermite(n)) {
      for (int k = 0; k < 6; ++k) moment[k] += node.probability * std::pow(node.value, 2 * k);
    }
    double exact = 1;  // (2 k - 1)!!
    for (int k = 0; k < 6 && 2 * k <= 2 * n - 1; exact *= 2 * k + 1, ++k) {
      EXPECT_NEAR(moment[k] / exact, 1, 1e-13) << n << " nodes, moment " << 2 * k;
    }
  }
  // Two Brownian motions with their area: Var A = h^2/4, uncorrelated with W, and the total
  // probability is 1.
  const double h = 0.3;
  double total = 0, variance = 0, with_W = 0;
  for_each_noise(
      NoiseInput::WA, 2, h, quadrature_sizes(NoiseInput::WA), [&](double p, const auto& v) {
        total += p;
        variance += p * v.A[0][1] * v.A[0][1];
        with_W += p * v.A[0][1] * v.W[0] * v.W[1];
      });
  EXPECT_NEAR(total, 1, 1e-14);
  EXPECT_NEAR(variance, h * h / 4, 1e-15);
  EXPECT_NEAR(with_W, 0, 1e-16);
}

struct Gbm {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr double t0 = 0;
  static double x0() { return 1.5; }
  static constexpr double mu = 0.75, sigma = 0.5;
  template <class X, class Time>
  auto drift(const X& x, const Time&) const {
    return X(mu) * x;
  }
  template <class X, class Time>
  auto diffusion(const X& x, const Time&) const {
    return X(sigma) * x;
  }
};

TEST(LocalExpansion, MomentsOfGeometricBrownianMotion) {
  const LocalFields fields = local_fields(Gbm{}, 1.5, 0);
  // E X^2 = x^2 e^{a h}, a = 2 mu + sigma^2; E (X - x)^2 = x^2 (e^{a h} - 2 e^{mu h} + 1)
  const double a = 2 * 0.75 + 0.25, x2 = 1.5 * 1.5;
  const auto c = moment_coefficients(fields, {2, 0, 0, 0, 0});
  EXPECT_NEAR(c[0], x2 * (a - 2 * 0.75), 1e-14);
  EXPECT_NEAR(c[1], x2 * (a * a - 2 * 0.75 * 0.75) / 2, 1e-14);
  EXPECT_NEAR(c[2], x2 * (a * a * a - 2 * 0.75 * 0.75 * 0.75) / 6, 1e-14);
}

TEST(LocalExpansion, TaylorStepFollowsThePath) {
  const LocalFields fields = local_fields(Gbm{}, 1.5, 0);
  const TaylorStep taylor(fields);
  const auto error = [&](double h) {
    // Along W = 0.8 sqrt(h) the exact solution is known; H is not seen by it to this order.
    TaylorStep::Vector W(1), H(1);
    W << 0.8 * std::sqrt(h);
    H << -0.2 * std::sqrt(h);
    const TaylorStep::Areas A = TaylorStep::Areas::Zero(1, 1);
    return taylor(h, W, H, A)[0] - 1.5 * std::expm1((0.75 - 0.125) * h + 0.5 * W[0]);
  };
  EXPECT_NEAR(std::log2(error(1.0 / 1024) / error(1.0 / 4096)) / 2, 2, 0.05);
}

/// Euler-Maruyama as anybody would write it, with a claim of their own.
template <int Order10>
struct OwnMethod {
  static constexpr MethodFacts facts{.name = "Own",
                                     .reference = "",
                                     .solves_ito = true,
                                     .strong = {.additive = 1, .diagonal = Order10 / 10.0},
                                     .weak = {.additive = 1, .diagonal = Order10 / 5.0}};
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return x + h * sde.drift(x, t) + sde.diffusion(x, t) * dB.W;
  }
};

TEST(Proof, OfAUsersOwnMethod) {
  using P = ProveDiagonal<Calculus::ito>;
  const auto weak = prove_weak(P{}, OwnMethod<5>{});
  EXPECT_TRUE(weak.holds());
  EXPECT_NEAR(weak.order(), 1, 0.01);
  EXPECT_EQ(weak.moments.size(), 3u);
  const auto strong = prove_strong(P{}, OwnMethod<5>{});
  EXPECT_TRUE(strong.holds());
  EXPECT_NEAR(strong.order(), 0.5, 0.01);
  EXPECT_NEAR(strong.mean.exponent, 2, 0.01);

  EXPECT_FALSE(prove_weak(P{}, OwnMethod<10>{}).holds());
  EXPECT_FALSE(prove_strong(P{}, OwnMethod<10>{}).holds());
}

struct Waves {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr double t0 = 0.2;
  static double x0() { return 0.4; }
  static auto f(const auto& x, const auto& t) {
    using std::exp, std::sin;
    return sin(2 * x) + exp(-t) * x;
  }
  static auto g(const auto& x, const auto& t) {
    using std::cos, std::sqrt;
    return sqrt(1 + x * x) * cos(t);
  }
  auto drift(const auto& x, const auto& t) const { return f(x, t); }
  auto diffusion(const auto& x, const auto& t) const { return g(x, t); }
};

TEST(Proof, OnAProblemThatIsNoPolynomial) {
  EXPECT_NEAR(prove_weak(Waves{}, OwnMethod<5>{}).order(), 1, 0.01);
  EXPECT_NEAR(prove_strong(Waves{}, OwnMethod<5>{}).order(), 0.5, 0.01);
}

TEST(Proof, OnAnEquationOfTwoFunctions) {
  const auto sde =
      ito<Noise::diagonal>([](const auto& x, const auto& t) { return t * x - x * x * x; },
                           [](const auto& x, const auto& t) { return 0.5 + t * x; });
  EXPECT_NEAR(prove_weak(sde, EulerMaruyama{}, 0.7, 0.3).order(), 1, 0.01);
  EXPECT_NEAR(prove_strong(sde, EulerMaruyama{}, 0.7, 0.3).order(), 0.5, 0.01);
}

TEST(Proof, MisuseGetsASentence) {
  EXPECT_THROW(prove_weak(Gbm{}, EulerMaruyama{}, ProofOptions{.coarsest = 5, .finest = 5}),
               std::invalid_argument);
  const auto large = ito<Noise::additive>([](const auto& x, const auto&) { return -x; },
                                          [](const auto&, const auto&) { return 1.0; });
  EXPECT_THROW(prove_weak(large, EulerMaruyama{}, Vector<double>(Vector<double>::Zero(5)), 0.0),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::verify
