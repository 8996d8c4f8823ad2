// The GNU Scientific Library as its manual has it: a loop by hand with mt19937 and the ziggurat.

#include "question.hpp"

#if __has_include(<gsl/gsl_rng.h>) && defined(STOCHFLOW_GSL)

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include <memory>

namespace ensembles {
namespace {

template <class Step, std::size_t n>
double mean_of(std::int64_t paths, const double (&start)[n], const Step& step) {
  double sum = 0;
  for (std::int64_t k = 0; k < paths; ++k) {
    double x[n];
    for (std::size_t i = 0; i < n; ++i) x[i] = start[i];
    for (int s = 0; s < steps; ++s) step(x);
    sum += x[0];
  }
  return sum / static_cast<double>(paths);
}

}  // namespace

double gsl(Equation equation, std::uint64_t seed, std::int64_t paths) {
  const std::unique_ptr<gsl_rng, void (*)(gsl_rng*)> generator(gsl_rng_alloc(gsl_rng_mt19937),
                                                               gsl_rng_free);
  gsl_rng_set(generator.get(), seed);
  const double root_h = std::sqrt(h);
  const auto dW = [&] { return gsl_ran_gaussian_ziggurat(generator.get(), root_h); };
  switch (equation) {
    case Equation::gbm:
      return mean_of(paths, {1.0}, [&](double* x) { x[0] += h * mu * x[0] + sigma * x[0] * dW(); });
    case Equation::ou:
      return mean_of(
          paths, {1.0}, [&](double* x) { x[0] += h * theta * (level - x[0]) + volatility * dW(); });
    case Equation::heston:
      return mean_of(paths, {0.0, v_mean}, [&](double* x) {
        const double v = x[1] > 0 ? x[1] : 0, root = std::sqrt(v), a = dW(), b = dW();
        x[0] += h * (r - 0.5 * v) + root * a;
        x[1] += h * kappa * (v_mean - v) + xi * root * (rho * a + rho_bar * b);
      });
    case Equation::lorenz:
      return mean_of(paths, {1.0, 1.0, 1.0}, [&](double* x) {
        const double f0 = ls * (x[1] - x[0]), f1 = x[0] * (lr - x[2]) - x[1],
                     f2 = x[0] * x[1] - lb * x[2];
        x[0] += h * f0 + lc * dW();
        x[1] += h * f1 + lc * dW();
        x[2] += h * f2 + lc * dW();
      });
  }
  return not_done;
}

}  // namespace ensembles

#else

namespace ensembles {
double gsl(Equation, std::uint64_t, std::int64_t) { return not_done; }
}  // namespace ensembles

#endif
