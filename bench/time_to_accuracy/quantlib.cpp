// QuantLib's Monte Carlo engine for European options on Heston's model, as its users call it: with
// the scheme that the others take, with antithetic variates, and with the better scheme that it has
// (quadratic-exponential with martingale correction, Andersen 2008), which needs fewer steps.

#include <cmath>

#include "question.hpp"

#ifdef STOCHFLOW_QUANTLIB

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <ql/exercise.hpp>
#include <ql/instruments/vanillaoption.hpp>
#include <ql/pricingengines/vanilla/mceuropeanhestonengine.hpp>
#include <ql/processes/hestonprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>
#pragma GCC diagnostic pop

namespace time_to_accuracy {
namespace {

using namespace QuantLib;

Answer price(HestonProcess::Discretization scheme,
             bool antithetic,
             std::int64_t steps,
             std::int64_t paths,
             std::uint64_t seed) {
  const Date today(1, January, 2026);
  Settings::instance().evaluationDate() = today;
  const auto flat = [&](double rate) {
    return Handle<YieldTermStructure>(ext::make_shared<FlatForward>(today, rate, Actual365Fixed()));
  };
  const auto process =
      ext::make_shared<HestonProcess>(flat(r),
                                      flat(0.0),
                                      Handle<Quote>(ext::make_shared<SimpleQuote>(1.0)),
                                      v_mean,
                                      kappa,
                                      v_mean,
                                      xi,
                                      rho,
                                      scheme);
  VanillaOption option(ext::make_shared<PlainVanillaPayoff>(Option::Call, 1.0),
                       ext::make_shared<EuropeanExercise>(today + 365));
  option.setPricingEngine(MakeMCEuropeanHestonEngine<PseudoRandom>(process)
                              .withSteps(static_cast<Size>(steps))
                              .withSamples(static_cast<Size>(paths))
                              .withAntitheticVariate(antithetic)
                              // Its seed 0 means the clock.
                              .withSeed(static_cast<BigNatural>(seed + 1)));
  const double made = static_cast<double>(steps * paths) * (antithetic ? 2 : 1);
  return {option.NPV(), made};
}

}  // namespace

Answer quantlib(double rmse, std::uint64_t seed) {
  return price(HestonProcess::FullTruncation, false, steps_for(rmse), paths_for(rmse), seed);
}
Answer quantlib_antithetic(double rmse, std::uint64_t seed) {
  const std::int64_t pairs = pairs_for(rmse);
  return price(HestonProcess::FullTruncation, true, steps_for(rmse), pairs, seed);
}
Answer quantlib_quadratic_exponential(double rmse, std::uint64_t seed) {
  // At 2 steps its error is below 1e-4 already.
  const std::int64_t steps = rmse < 5e-4 ? 4 : 2, pairs = pairs_for(rmse);
  return price(HestonProcess::QuadraticExponentialMartingale, true, steps, pairs, seed);
}

}  // namespace time_to_accuracy

#else

namespace time_to_accuracy {
Answer quantlib(double, std::uint64_t) { return {NAN, 0}; }
Answer quantlib_antithetic(double, std::uint64_t) { return {NAN, 0}; }
Answer quantlib_quadratic_exponential(double, std::uint64_t) { return {NAN, 0}; }
}  // namespace time_to_accuracy

#endif
