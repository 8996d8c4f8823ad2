// Proofs notice mistakes. Every single product in a step of every explicit method of the catalogue,
// and with it every coefficient of its formula, is made half as large again, each time the proof
// must fail. What a proof cannot notice is listed, with the reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>

#include "solvers/verify/one_step/mistaken.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow::verify {
namespace {

constexpr ProofOptions small_steps{.coarsest = 12, .finest = 18};

template <class P, class M>
bool holds(const M& method) {
  return prove(P{}, method, small_steps).holds;
}

/// Products that may be wrong without loss of the order claimed on a problem.
const std::map<std::string, int> free_products = {
    // How far a stage goes along the drift, where any stage of the drift would do.
    {"MilsteinDerivativeFree on commutative, 2", 4},
    {"MilsteinGeneralDerivativeFree on general, 2", 4},
    {"SRI2 on general, 2", 2},
    {"SRS2 on general, 2", 2},
    {"Heun on general, 2", 2},
    {"Midpoint on commutative, 2", 2},
    {"Midpoint on general, 2", 2},
    {"ReversibleHeun on commutative, 2", 2},
    {"ReversibleHeun on general, 2", 2},
    {"LogODE on general, 2", 6},  // and the areas in that stage
    {"GeneralShARK on general, 2", 2},
    {"SPaRK on general, 2", 6},
    // Claims 0.5 / 1 there: its tableau is for 1.5 / 2 with commutative noise, where all count.
    {"SlowRK on general, 2", 26},
    // Of weak order one with a second stage of the drift, for a smaller error.
    {"RDI1WM on general, 2", 8},
    // How strongly the drift is tamed.
    {"TamedEuler on additive", 8},
    {"TamedEuler on general, 2", 8},
    {"TamedMilstein on commutative, 2", 8},
};

int listed_count(const std::map<std::string, int>& list, const std::string& where) {
  const auto found = list.find(where);
  return found == list.end() ? 0 : found->second;
}

/// Whether the step with a wrong product differs from the right one at all: products with a zero,
/// such as those of an indicator j = k, do not.
template <class P, class M>
bool matters(int product) {
  const auto step = [](int wrong) {
    return detail::one_step(P{}, WithWrongProduct<M>{wrong}, P::x0(), P::t0);
  };
  const detail::OneStep right = step(-1), off = step(product);
  std::array<double, Series::states> x{}, y{};
  bool differs = false;
  const double h = 1.0 / 16;
  for_each_noise(
      right.needs, right.noises, h, {.W = 3, .H = 2, .K = 2}, [&](double, const auto& v) {
        right.run(h, v, x);
        off.run(h, v, y);
        differs = differs || !std::equal(x.begin(), x.begin() + right.size, y.begin());
      });
  return differs;
}

template <class P, class M>
void expect_wrong_products_noticed() {
  const std::string where = std::string(M::facts.name) + " on " + std::string(P::name);
  int count = 0, noticed = 0, unnoticed = 0;
  ASSERT_TRUE((holds<P>(WithWrongProduct<M>{-1, &count}))) << where;
  std::string which;
  for (int k = 0; k < count; ++k) {
    if (!holds<P>(WithWrongProduct<M>{k})) {
      ++noticed;
    } else if (matters<P, M>(k)) {
      ++unnoticed;
      which += " " + std::to_string(k);
    }
  }
  EXPECT_GT(noticed, 0) << where;
  EXPECT_EQ(unnoticed, listed_count(free_products, where)) << where << ":" << which;
}

/// The problems on which a method is tried, of those it claims: the one where it promises most, and
/// the one with the most general noise.
template <class M>
struct Trials {
  static constexpr Calculus calculus = M::facts.solves_ito ? Calculus::ito : Calculus::stratonovich;
  using Problems = std::tuple<ProveGeneral<calculus, 2>,
                              ProveCommutative<calculus, 2>,
                              ProveOne<calculus>,
                              ProveScalar<calculus>,
                              ProveAdditive>;
  static constexpr auto promises = []<class... P>(std::type_identity<std::tuple<P...>>) {
    return std::array{
        (provable<P, M>() ? M::facts.strong[P::noise] + M::facts.weak[P::noise] : 0.0)...};
  }(std::type_identity<Problems>{});

  static constexpr auto most_promised = static_cast<std::size_t>(
      std::max_element(promises.begin(), promises.end()) - promises.begin());
  static constexpr auto most_general = static_cast<std::size_t>(
      std::find_if(promises.begin(), promises.end(), [](double p) { return p > 0; }) -
      promises.begin());
  using MostPromised = std::tuple_element_t<most_promised, Problems>;
  using MostGeneral = std::tuple_element_t<most_general, Problems>;
};

// Their iterations correct a wrong product, or stop at it.
using ImplicitMethods =
    std::tuple<ThetaEuler, ImplicitMilstein, ImplicitMidpoint, SplitStepBackwardEuler, KenCarpSRA>;
// Take the number of their stages from the size of the Jacobian, as a plain number.
using Stabilised = std::tuple<SkRock, SRock2>;

template <class M, class... Of>
constexpr bool among(std::type_identity<std::tuple<Of...>>) {
  return (std::is_same_v<M, Of> || ...);
}
template <class M, class List>
constexpr bool listed = among<M>(std::type_identity<List>{});

TEST(BrokenMethods, EveryProductCounts) {
  for_each_type<Methods>([](auto method) {
    using M = decltype(method);
    if constexpr (!listed<M, ImplicitMethods> && !listed<M, Stabilised>) {
      using Promised = typename Trials<M>::MostPromised;
      using General = typename Trials<M>::MostGeneral;
      expect_wrong_products_noticed<Promised, M>();
      if constexpr (!std::is_same_v<Promised, General>) {
        expect_wrong_products_noticed<General, M>();
      }
    }
  });
}

template <class M>
void expect_wrong_inputs_noticed() {
  using P = typename Trials<M>::MostPromised;
  SCOPED_TRACE(M::facts.name);
  EXPECT_TRUE(holds<P>(WithWrongInput<M>{}));
  for (const Input input : {Input::drift, Input::diffusion, Input::W}) {
    EXPECT_FALSE(holds<P>(WithWrongInput<M>{input})) << "input " << static_cast<int>(input);
  }
}

TEST(BrokenMethods, EveryInputOfImplicitOnesCounts) {
  for_each_type<ImplicitMethods>([](auto m) { expect_wrong_inputs_noticed<decltype(m)>(); });
  for_each_type<Stabilised>([](auto m) { expect_wrong_inputs_noticed<decltype(m)>(); });
}

/// Evaluations whose time may be wrong without loss of the order claimed.
const std::map<std::string, int> free_times = {
    // The noise in the stages of the drift: of mean zero, and a power of h smaller than the step's.
    {"SRA1 on additive", 1},
    {"SRA2 on additive", 1},
    {"SRA3 on additive", 2},
    {"SOSRA on additive", 3},
    {"SOSRA2 on additive", 3},
    // The derivatives, in terms of higher order.
    {"ItoTaylor15 on scalar", 3},
    // The first evaluation of the drift, which only stages use.
    {"SMEA on scalar", 1},
    // The two columns of the Jacobian; the last stage, where g is taken for the other noise terms.
    {"SRock2 on scalar", 4},
};

// A mistake found in libraries: coefficients at the wrong time. Only equations that depend on time
// show it, and only methods of high order suffer.
TEST(BrokenMethods, TheTimeOfEveryEvaluationCounts) {
  for_each_type<Methods>([](auto method) {
    using M = decltype(method);
    // Two Brownian motions are a special case of Platen's and Roessler's formulas: the weights of
    // the first evaluation add up to zero.
    using One = ProveScalar<Trials<M>::calculus>;
    using P = std::conditional_t<provable<One, M>(), One, typename Trials<M>::MostPromised>;
    constexpr bool high = M::facts.strong[P::noise] > 1 || M::facts.weak[P::noise] > 1;
    if constexpr (high && !listed<M, ImplicitMethods>) {
      const std::string where = std::string(M::facts.name) + " on " + std::string(P::name);
      int count = 0, unnoticed = 0;
      ASSERT_TRUE((holds<P>(WithWrongTime<M>{-1, &count}))) << where;
      std::string which;
      for (int k = 0; k < count; ++k) {
        if (holds<P>(WithWrongTime<M>{k})) {
          ++unnoticed;
          which += " " + std::to_string(k);
        }
      }
      EXPECT_LT(unnoticed, count) << where;
      EXPECT_EQ(unnoticed, listed_count(free_times, where)) << where << ":" << which;
    }
  });
}

}  // namespace
}  // namespace stochflow::verify
