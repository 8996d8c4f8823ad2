// Every explicit method of the catalogue on packs: lane l is the step of trajectory l to the bit.

#include <gtest/gtest.h>

#include "stochflow/method_memory.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/noise/lane_normals.hpp"
#include "stochflow/pack.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

template <class P, class M, class X>
void expect_same_step(const P& problem, const M& method, const X& x0) {
  using Lanes = InLanesOf<X>;
  const Step step{.index = 3, .t = 0.25, .h = 0.125};
  const auto advance = [&](const auto& x, std::uint64_t first) {
    const auto path = brownian_path(problem, x, 0.0, 9, first);
    return method.step(problem, x, step.t, step.h, detail::increment_for<M, P>(path, step));
  };
  const Lanes all = advance(to_lanes(x0), 40);
  for (int l = 0; l < Pack<double>::lanes; ++l) {
    const X one = advance(x0, 40 + static_cast<std::uint64_t>(l)), lane_l = lane(all, l);
    for (std::size_t k = 0; k < detail::elements(one).size(); ++k) {
      EXPECT_EQ(detail::elements(lane_l)[k], detail::elements(one)[k]) << M::facts.name;
    }
  }
}

template <Calculus c, class M>
void check_on(const M& method) {
  const auto drift = [](const auto& x, double t) { return (0.3 + 0.1 * t) * x - 0.2 * x * x; };
  const auto make = [&]<Noise n>(std::integral_constant<Noise, n>, const auto& diffusion) {
    if constexpr (c == Calculus::ito) {
      return ito<n>(drift, diffusion);
    } else {
      return stratonovich<n>(drift, diffusion);
    }
  };
  if constexpr (M::facts.claims(Noise::additive)) {
    expect_same_step(make(std::integral_constant<Noise, Noise::additive>(),
                          [](const auto&, double t) { return 0.2 + t; }),
                     method,
                     0.7);
  }
  if constexpr (M::facts.claims(Noise::diagonal)) {
    expect_same_step(make(std::integral_constant<Noise, Noise::diagonal>(),
                          [](const auto& x, double t) { return (0.2 + t) * x; }),
                     method,
                     Vector<double, 2>(0.7, 1.1));
  }
  if constexpr (M::facts.claims(Noise::general)) {
    expect_same_step(make(std::integral_constant<Noise, Noise::general>(),
                          []<class T>(const Vector<T, 2>& x, double) {
                            Matrix<T, 2> g;
                            g << 0.3 * x[0], T(0.2), 0.1 * x[1], 0.4 * x[0] * x[1];
                            return g;
                          }),
                     method,
                     Vector<double, 2>(0.7, 1.1));
  }
}

template <class M>
void check(const M& method) {
  if constexpr (M::facts.solves_ito) {
    check_on<Calculus::ito>(method);
  }
  if constexpr (M::facts.solves_stratonovich) check_on<Calculus::stratonovich>(method);
}

TEST(Methods, StepPacksAsTheyStepNumbers) {
  check(EulerMaruyama{});
  check(Milstein{});
  check(MilsteinDerivativeFree{});
  check(MilsteinGeneral{});
  check(MilsteinGeneralDerivativeFree{});
  check(SplitStepEulerMaruyama{});
  check(ItoTaylor15{});
  check(SRI2{});
  check(SRIW1{});
  check(SRIW2{});
  check(SOSRI{});
  check(SOSRI2{});
  check(SRA1{});
  check(SRA2{});
  check(SRA3{});
  check(SOSRA{});
  check(SOSRA2{});
  check(SEA{});
  check(ShARK{});
  check(Heun{});
  check(EulerHeun{});
  check(Midpoint{});
  check(SRS2{});
  check(GeneralShARK{});
  check(SPaRK{});
  check(SlowRK{});
  check(SimplifiedEuler{});
  check(PlatenWeak2{});
  check(W2Ito1{});
  check(W2Ito2{});
  check(RI1{});
  check(RI6{});
  check(DRI1{});
  check(RDI1WM{});
  check(RDI4WM{});
  check(SIEA{});
  check(SMEA{});
  check(RS1{});
  check(RS2{});
  check(TamedEuler{});
  check(TamedMilstein{});
  check(TruncatedEuler{});
}

}  // namespace
}  // namespace stochflow
