// The GNU Scientific Library as its manual has it: a loop by hand with mt19937 and the ziggurat.

#include "question.hpp"

#if __has_include(<gsl/gsl_rng.h>) && defined(STOCHFLOW_GSL)

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include <memory>

namespace time_to_accuracy {

Answer gsl(double rmse, std::uint64_t seed) {
  const std::unique_ptr<gsl_rng, void (*)(gsl_rng*)> generator(gsl_rng_alloc(gsl_rng_mt19937),
                                                               gsl_rng_free);
  gsl_rng_set(generator.get(), seed + 1);  // its seed 0 means a seed of its own
  const std::int64_t steps = steps_for(rmse), paths = paths_for(rmse);
  const double h = 1.0 / static_cast<double>(steps), root_h = std::sqrt(h);
  const double rho_bar = std::sqrt(1 - rho * rho);
  const auto dW = [&] { return gsl_ran_gaussian_ziggurat(generator.get(), root_h); };
  double sum = 0;
  for (std::int64_t k = 0; k < paths; ++k) {
    double x = 0, v = v_mean;
    for (std::int64_t n = 0; n < steps; ++n) {
      const double up = v > 0 ? v : 0, root = std::sqrt(up), a = dW(), b = dW();
      x += h * (r - 0.5 * up) + root * a;
      v += h * kappa * (v_mean - up) + xi * root * (rho * a + rho_bar * b);
    }
    sum += x > 0 ? std::exp(x) - 1 : 0;
  }
  return {std::exp(-r) * sum / static_cast<double>(paths), static_cast<double>(steps * paths)};
}

}  // namespace time_to_accuracy

#else

#include <cmath>

namespace time_to_accuracy {
Answer gsl(double, std::uint64_t) { return {NAN, NAN}; }
}  // namespace time_to_accuracy

#endif
