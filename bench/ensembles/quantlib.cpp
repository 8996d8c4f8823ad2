// QuantLib's path generators with its processes, as its examples use them: Euler's scheme, normals
// from a Mersenne twister by the inverse of the distribution function. It has no Lorenz equation,
// and its Ornstein-Uhlenbeck process steps exactly.

#include "question.hpp"

#if __has_include(<ql/quantlib.hpp>) && defined(STOCHFLOW_QUANTLIB)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <ql/math/randomnumbers/rngtraits.hpp>
#include <ql/methods/montecarlo/multipathgenerator.hpp>
#include <ql/methods/montecarlo/pathgenerator.hpp>
#include <ql/processes/geometricbrownianprocess.hpp>
#include <ql/processes/hestonprocess.hpp>
#include <ql/processes/ornsteinuhlenbeckprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>
#pragma GCC diagnostic pop

namespace ensembles {
namespace {

using namespace QuantLib;

auto normals(Size dimension, std::uint64_t seed) {
  return PseudoRandom::make_sequence_generator(dimension, static_cast<BigNatural>(seed));
}

double mean_of(const ext::shared_ptr<StochasticProcess1D>& process,
               std::uint64_t seed,
               std::int64_t paths) {
  PathGenerator<PseudoRandom::rsg_type> generator(process, 1.0, steps, normals(steps, seed), false);
  double sum = 0;
  for (std::int64_t k = 0; k < paths; ++k) sum += generator.next().value.back();
  return sum / static_cast<double>(paths);
}

double heston(std::uint64_t seed, std::int64_t paths) {
  const Date today(1, January, 2026);
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
                                      HestonProcess::FullTruncation);
  MultiPathGenerator<PseudoRandom::rsg_type> generator(
      process, TimeGrid(1.0, steps), normals(2 * steps, seed), false);
  double sum = 0;
  for (std::int64_t k = 0; k < paths; ++k) sum += std::log(generator.next().value[0].back());
  return sum / static_cast<double>(paths);
}

}  // namespace

double quantlib(Equation equation, std::uint64_t seed, std::int64_t paths) {
  switch (equation) {
    case Equation::gbm:
      return mean_of(ext::make_shared<GeometricBrownianMotionProcess>(1.0, mu, sigma), seed, paths);
    case Equation::ou:
      return mean_of(
          ext::make_shared<OrnsteinUhlenbeckProcess>(theta, volatility, 1.0, level), seed, paths);
    case Equation::heston:
      return heston(seed, paths);
    case Equation::lorenz:
      return not_done;
  }
  return not_done;
}

}  // namespace ensembles

#else

namespace ensembles {
double quantlib(Equation, std::uint64_t, std::int64_t) { return not_done; }
}  // namespace ensembles

#endif
