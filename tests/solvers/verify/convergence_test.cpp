// The measurement of orders itself: it exposes methods that are broken on purpose, recovers a known
// order, and takes noise for noise. The claims of the methods are
// measured in tests/apps/convergence.

#include "stochflow/verify/convergence.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/platen_weak2.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/methods/sosri.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify {
namespace {

const ConvergenceOptions options{.paths = 16384, .confidence = 1 - 1e-7};

// Milstein with a correction term 10 % too large is of strong order 1/2.
struct WrongMilstein {
  static constexpr MethodFacts facts = Milstein::facts;
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X euler = EulerMaruyama{}.step(sde, x, t, h, dB);
    return euler + 1.1 * (Milstein{}.step(sde, x, t, h, dB) - euler);
  }
};

// Euler's drift taken at the wrong weight is not consistent at all.
struct WrongEuler {
  static constexpr MethodFacts facts = EulerMaruyama::facts;
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return EulerMaruyama{}.step(sde, x, t, h, dB) + 0.05 * h * sde.drift(x, t);
  }
};

TEST(Convergence, BrokenMethodsAreExposed) {
  EXPECT_TRUE(measure(GbmTest<Calculus::ito>{}, WrongMilstein{}, options).contradicts_claim());
  EXPECT_TRUE(measure(OrnsteinUhlenbeckTest{}, WrongEuler{}, options).contradicts_claim());
}

template <class M>
constexpr double stated = M::facts.drift_evaluations + M::facts.diffusion_evaluations;

TEST(Convergence, CountsWhatAStepEvaluates) {
  const auto evaluations = [](const auto& problem, const auto& method) {
    const auto row = measure(problem, method, {.paths = 512, .threads = 1});
    EXPECT_EQ(row.strong_errors.h[0], 1.0 / 32);
    EXPECT_EQ(row.strong_evaluations[1], 2 * row.strong_evaluations[0]);
    return row.strong_evaluations[0] / 32;
  };
  const TanhTest<Calculus::ito> ito;
  EXPECT_EQ(evaluations(ito, EulerMaruyama{}), 2);
  // Its third drift is at the state itself, like the first one, and is not evaluated again.
  EXPECT_EQ(evaluations(ito, SRIW1{}), stated<SRIW1>);
  EXPECT_EQ(evaluations(ito, SOSRI{}), stated<SOSRI>);
  EXPECT_EQ(evaluations(GbmTest<Calculus::ito>{}, ItoTaylor15{}), stated<ItoTaylor15>);
  EXPECT_EQ(evaluations(TanhTest<Calculus::stratonovich>{}, Heun{}), stated<Heun>);
}

// Methods of every kind of noise on one problem, with Lévy areas and without, following the path
// and not: each as if it were alone, for one thread and for two, and progress ends at its total.
TEST(Convergence, CompanyLeavesNoTrace) {
  const GeneralNoiseTest<Calculus::ito> problem;
  ConvergenceOptions small{.paths = 1024, .strong = {2, 5}, .weak = {1, 4}, .threads = 1};
  const std::vector candidates{candidate(problem, PlatenWeak2{}),
                               candidate(problem, MilsteinGeneral{}),
                               candidate(problem, EulerMaruyama{})};
  std::vector<MethodErrors> alone;
  for (const auto& one : candidates) alone.push_back(measure_errors(problem, {one}, small).front());
  std::int64_t last = 0, total = 0;
  small.threads = 2;
  small.progress = [&](std::int64_t done, std::int64_t of) {
    EXPECT_EQ(done, last + 1);
    last = done, total = of;
  };
  const auto together = measure_errors(problem, candidates, small);
  EXPECT_EQ(last, total);
  ASSERT_EQ(together.size(), alone.size());
  for (std::size_t n = 0; n < alone.size(); ++n) {
    EXPECT_EQ(together[n].method, alone[n].method);
    EXPECT_EQ(together[n].strong_claimed, alone[n].strong_claimed);
    EXPECT_EQ(together[n].weak_claimed, alone[n].weak_claimed);
    EXPECT_EQ(together[n].strong_errors.error, alone[n].strong_errors.error);
    EXPECT_EQ(together[n].weak_errors.error, alone[n].weak_errors.error);
    EXPECT_EQ(together[n].strong_evaluations, alone[n].strong_evaluations);
  }
}

// What the sums of local errors rest on, against the exact solutions themselves.
TEST(Convergence, ProblemsKnowTheirExpectations) {
  for_each_type<TestProblems>([](auto problem) {
    using P = decltype(problem);
    SCOPED_TRACE(std::string(P::name) + " " + std::string(name(P::calculus)));
    constexpr std::int64_t paths = 20000, cells = 8;
    constexpr double h = P::t1 / cells;
    const RandomStream extra(4, Purpose::exact_integral);
    double sum = 0, squares = 0;
    for (std::uint64_t id = 0; id < paths; ++id) {
      const auto path = brownian_path(problem, P::x0(), 0.0, 3, id);
      std::vector<SpaceTimeIncrement<NoiseOf<P>>> dW;
      for (std::int64_t n = 0; n < cells; ++n) {
        dW.push_back(path.space_time_increment({n, static_cast<double>(n) * h, h}));
      }
      const double phi = P::functional(
          problem.exact(std::span<const SpaceTimeIncrement<NoiseOf<P>>>(dW), h, [&](std::size_t n) {
            return normal(extra, id, n);
          }));
      sum += phi, squares += phi * phi;
    }
    const double mean = sum / paths;
    const double error = std::sqrt((squares / paths - mean * mean) / paths);
    EXPECT_LT(std::abs(mean - problem.expected(0, P::x0())), 6 * error);
    EXPECT_LT(error, 0.01);
    EXPECT_NEAR(problem.expected(P::t1, P::x0()), P::functional(P::x0()), 1e-12);
  });
}

// The sum of the local errors is the weak error, which on this equation is known: E X_h is
// (1 + mu h)^n.
TEST(Convergence, LocalErrorsSumToTheWeakError) {
  const GbmTest<Calculus::ito> gbm;
  const auto row = measure(gbm, SimplifiedEuler{}, {.paths = 65536, .threads = 2});
  for (Eigen::Index l = 0; l < row.weak_errors.h.size(); ++l) {
    const double h = row.weak_errors.h[l];
    const double exact = std::pow(1 + gbm.ito.mu * h, 1 / h) - std::exp(gbm.ito.mu);
    EXPECT_NEAR(row.weak_errors.error[l], exact, 6 * row.weak_errors.standard_error(l)) << h;
    EXPECT_LT(row.weak_errors.standard_error(l), 0.02 * std::abs(exact)) << h;
  }
  const auto second = measure(TanhTest<Calculus::ito>{}, PlatenWeak2{}, {.paths = 65536});
  EXPECT_TRUE(second.weak.resolved);
  EXPECT_FALSE(second.weak.falls_short_of(2));
  EXPECT_TRUE(second.weak.falls_short_of(2.5));
}

TEST(Convergence, LevelsThatShowNoOrderAreRefused) {
  const GbmTest<Calculus::ito> gbm;
  // Differences along a path, and sums of local errors.
  EXPECT_THROW(measure(gbm, EulerMaruyama{}, {.paths = 512, .weak = {1, 3}}),
               std::invalid_argument);
  EXPECT_THROW(measure(gbm, SimplifiedEuler{}, {.paths = 512, .weak = {1, 3}}),
               std::invalid_argument);
  EXPECT_THROW(measure(gbm, EulerMaruyama{}, {.paths = 511}), std::invalid_argument);
}

// Errors e = 0.3 h^p (1 + 0.5 h) with 2 % noise, common to the levels of a batch in half.
TEST(OrderFit, RecoversAKnownOrder) {
  const RandomStream stream(1, Purpose::increments);
  for (const double p : {0.5, 1.0, 1.5, 2.0}) {
    Eigen::VectorXd h(6);
    Eigen::MatrixXd batches(64, 6);
    for (int l = 0; l < 6; ++l) {
      h[l] = std::ldexp(1.0, -2 - l);
      for (int b = 0; b < 64; ++b) {
        const double noise =
            0.02 * (normal(stream, static_cast<std::uint64_t>(b), 100) +
                    normal(stream, static_cast<std::uint64_t>(b), static_cast<std::uint64_t>(l)));
        batches(b, l) = 0.3 * std::pow(h[l], p) * (1 + 0.5 * h[l]) * (1 + noise);
      }
    }
    const auto fit = fit_order(level_errors(h, batches), 1 - 1e-6);
    EXPECT_TRUE(fit.resolved);
    EXPECT_TRUE(fit.low < p && p < fit.high) << p << ": " << fit.low << ", " << fit.high;
    EXPECT_TRUE(fit.falls_short_of(p + 0.25)) << p << ": " << fit.low << ", " << fit.high;
    EXPECT_TRUE(fit.exceeds(p - 0.25)) << p << ": " << fit.low << ", " << fit.high;
  }
}

// Errors e = 0.3 h (1 - sqrt(h)), which look like an order below 1 to a fit in whole powers.
TEST(OrderFit, HalfPowersAreNoShortfall) {
  const RandomStream stream(3, Purpose::increments);
  Eigen::VectorXd h(6);
  Eigen::MatrixXd batches(64, 6);
  for (int l = 0; l < 6; ++l) {
    h[l] = std::ldexp(1.0, -5 - l);
    for (int b = 0; b < 64; ++b) {
      const double noise =
          0.01 * normal(stream, static_cast<std::uint64_t>(b), 100) +
          0.001 * normal(stream, static_cast<std::uint64_t>(b), static_cast<std::uint64_t>(l));
      batches(b, l) = 0.3 * h[l] * (1 - std::sqrt(h[l])) * (1 + noise);
    }
  }
  const auto whole = fit_order(level_errors(h, batches), 1 - 1e-6);
  EXPECT_TRUE(whole.falls_short_of(1)) << whole.low << ", " << whole.high;
  const auto fit = fit_order(level_errors(h, batches), 1 - 1e-6, Deviation::half_powers);
  EXPECT_TRUE(fit.low < 1 && 1 < fit.high) << fit.low << ", " << fit.high;
  EXPECT_TRUE(fit.falls_short_of(1.1) && fit.exceeds(0.9)) << fit.low << ", " << fit.high;
}

TEST(OrderFit, PureNoiseIsNotAnOrder) {
  const RandomStream stream(2, Purpose::increments);
  Eigen::VectorXd h(6);
  Eigen::MatrixXd batches(64, 6);
  for (int l = 0; l < 6; ++l) {
    h[l] = std::ldexp(1.0, -2 - l);
    for (int b = 0; b < 64; ++b) {
      batches(b, l) = normal(stream, static_cast<std::uint64_t>(b), static_cast<std::uint64_t>(l));
    }
  }
  EXPECT_FALSE(fit_order(level_errors(h, batches)).resolved);
}

}  // namespace
}  // namespace stochflow::verify
