// Every method of the catalogue on dual numbers: its steps have the values that they have on
// doubles, and the derivative with respect to where they start. So the same text gives pathwise
// sensitivities.

#include <gtest/gtest.h>

#include <tuple>

#include "solvers/verify/one_step/in_numbers.hpp"
#include "stochflow/dual.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow::verify {
namespace {

// They take dual numbers themselves, of plain doubles only.
using Differentiating = std::tuple<Milstein,
                                   MilsteinGeneral,
                                   TamedMilstein,
                                   ThetaEuler,
                                   ImplicitMilstein,
                                   ImplicitMidpoint,
                                   SplitStepBackwardEuler,
                                   KenCarpSRA,
                                   SkRock,
                                   SRock2>;
template <class M, class... Of>
constexpr bool among(std::type_identity<std::tuple<Of...>>) {
  return (std::is_same_v<M, Of> || ...);
}

template <class P, class M>
void expect_derivative(const M& method) {
  const P problem;
  const auto x0 = P::x0();
  const Step step{.index = 2, .t = P::t0, .h = 1.0 / 32};
  const auto dB =
      stochflow::detail::increment_for<M, P>(brownian_path(problem, x0, P::t0, 5, 1), step);
  const auto on = [&](const auto& x, const auto& noise) {
    return method.step(problem, x, step.t, step.h, noise);
  };
  const auto plain = on(x0, dB);
  for (Eigen::Index i = 0; i < x0.size(); ++i) {
    auto start = in_numbers<Dual>(x0);
    start[i].derivative = 1;
    const auto moved = on(start, in_numbers<Dual>(dB));
    auto up = x0, down = x0;
    const double eps = 1e-5;
    up[i] += eps, down[i] -= eps;
    const auto above = on(up, dB), below = on(down, dB);
    for (Eigen::Index k = 0; k < x0.size(); ++k) {
      EXPECT_NEAR(moved[k].value, plain[k], 1e-14 * (1 + std::abs(plain[k])));
      EXPECT_NEAR(moved[k].derivative, (above[k] - below[k]) / (2 * eps), 1e-8);
    }
  }
}

TEST(EveryMethod, HasDerivativesByDualNumbers) {
  int tried = 0;
  for_each_type<Methods>([&](auto method) {
    using M = decltype(method);
    SCOPED_TRACE(M::facts.name);
    constexpr Calculus c = M::facts.solves_ito ? Calculus::ito : Calculus::stratonovich;
    if constexpr (!among<M>(std::type_identity<Differentiating>{})) {
      ++tried;
      if constexpr (provable<ProveGeneral<c, 2>, M>())
        expect_derivative<ProveGeneral<c, 2>>(method);
      if constexpr (provable<ProveDiagonal<c>, M>()) expect_derivative<ProveDiagonal<c>>(method);
      if constexpr (provable<ProveAdditive, M>()) expect_derivative<ProveAdditive>(method);
    }
  });
  EXPECT_GT(tried, 40);
}

}  // namespace
}  // namespace stochflow::verify
