// Proofs notice mistakes: every single evaluation of drift or diffusion that a method makes, and
// every kind of random variable that it takes, is perturbed by 5 %, and each time the proof must
// fail. One method of each family, on the most general noise that it claims.

#include <gtest/gtest.h>

#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow::verify {
namespace {

enum class Part { nothing, drift, diffusion, W, H, e, A, time };

/// What goes wrong in a step: evaluation number `index` of a part, or all of a kind of noise.
struct Mistake {
  Part part = Part::nothing;
  int index = 0;
};

struct Calls {
  int drift = 0, diffusion = 0;
};

/// A problem seen through the mistake.
template <class P>
struct MistakenProblem {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;

  const P& problem;
  Mistake mistake;
  double start;
  Calls& calls;

  template <class X>
  auto drift(const X& x, double t) const {
    const bool hit = mistake.part == Part::drift && calls.drift++ == mistake.index;
    return scaled(problem.drift(x, time(t)), hit);
  }
  template <class X>
  auto diffusion(const X& x, double t) const {
    const bool hit = mistake.part == Part::diffusion && calls.diffusion++ == mistake.index;
    return scaled(problem.diffusion(x, time(t)), hit);
  }

 private:
  double time(double t) const { return mistake.part == Part::time ? start : t; }
  template <class Y>
  static auto scaled(Y y, bool hit) {
    if (hit) y *= 1.05;
    return y;
  }
};

template <class V>
void perturb(V& v) {
  v = V(v * 1.05);
}

template <class M>
struct Mistaken {
  static constexpr MethodFacts facts = M::facts;
  Mistake mistake;
  Calls* seen = nullptr;

  template <class P, class X, class Noise>
  X step(const P& sde, const X& x, double t, double h, Noise dB) const {
    Calls calls;
    if (mistake.part == Part::W) perturb(dB.W);
    if constexpr (requires { dB.H; }) {
      if (mistake.part == Part::H) perturb(dB.H);
    }
    if constexpr (requires { dB.e; }) {
      if (mistake.part == Part::e) perturb(dB.e);
    }
    if constexpr (requires { dB.A; }) {
      if (mistake.part == Part::A) perturb(dB.A);
    }
    Mistake counting = mistake;
    if (seen != nullptr) counting = {.part = Part::drift, .index = -1};
    X next = M{}.step(MistakenProblem<P>{sde, counting, t, calls}, x, t, h, dB);
    if (seen != nullptr) {
      counting.part = Part::diffusion;
      next = M{}.step(MistakenProblem<P>{sde, counting, t, calls}, x, t, h, dB);
      *seen = calls;
    }
    return next;
  }
};

template <class P, class M>
void expect_mistakes_noticed() {
  constexpr ProofOptions options{.coarsest = 12, .finest = 18};
  const auto holds = [&](Mistake mistake, Calls* seen = nullptr) {
    return prove(P{}, Mistaken<M>{mistake, seen}, options).holds;
  };
  SCOPED_TRACE(M::facts.name);
  Calls calls;
  ASSERT_TRUE(holds({}, &calls));
  ASSERT_GT(calls.drift * calls.diffusion, 0);
  for (int k = 0; k < calls.drift; ++k) {
    EXPECT_FALSE(holds({Part::drift, k})) << "drift evaluation " << k;
  }
  for (int k = 0; k < calls.diffusion; ++k) {
    EXPECT_FALSE(holds({Part::diffusion, k})) << "diffusion evaluation " << k;
  }
  EXPECT_FALSE(holds({Part::W}));
  if (M::facts.needs == NoiseInput::WH || M::facts.needs == NoiseInput::WHK) {
    EXPECT_FALSE(holds({Part::H}));
  }
  if (M::facts.needs == NoiseInput::three_point) {
    EXPECT_FALSE(holds({Part::e}));
  }
  if (M::facts.needs == NoiseInput::WA) {
    EXPECT_FALSE(holds({Part::A}));
  }
}

using ItoGeneral = ProveGeneral<Calculus::ito, 2>;
using StratonovichGeneral = ProveGeneral<Calculus::stratonovich, 2>;

TEST(BrokenMethods, OfLowOrder) {
  expect_mistakes_noticed<ItoGeneral, EulerMaruyama>();
  expect_mistakes_noticed<ItoGeneral, SimplifiedEuler>();
  expect_mistakes_noticed<StratonovichGeneral, Heun>();
  expect_mistakes_noticed<ProveCommutative<Calculus::ito, 2>, Milstein>();
  expect_mistakes_noticed<ItoGeneral, SRI2>();
}

TEST(BrokenMethods, OfStrongOrderOneAndAHalf) {
  expect_mistakes_noticed<ProveScalar<Calculus::ito>, SRIW1>();
  expect_mistakes_noticed<ProveAdditive, SRA1>();
  expect_mistakes_noticed<ProveCommutative<Calculus::stratonovich, 2>, SlowRK>();
}

TEST(BrokenMethods, OfWeakOrderTwo) {
  expect_mistakes_noticed<ItoGeneral, PlatenWeak2>();
  expect_mistakes_noticed<ItoGeneral, W2Ito2>();
  expect_mistakes_noticed<ItoGeneral, RI6>();
  expect_mistakes_noticed<ItoGeneral, DRI1>();
  expect_mistakes_noticed<StratonovichGeneral, RS2>();
  expect_mistakes_noticed<ProveScalar<Calculus::ito>, SIEA>();
}

// A mistake found in libraries: all coefficients at the start of the step. It costs one order, and
// only equations that depend on time show it.
TEST(BrokenMethods, StageTimesLeftOut) {
  const auto row = prove(ItoGeneral{}, Mistaken<W2Ito1>{{Part::time, 0}});
  EXPECT_FALSE(row.holds);
  EXPECT_NEAR(row.weak_proved, 1, 0.05);
}

}  // namespace
}  // namespace stochflow::verify
