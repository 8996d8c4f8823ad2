// The GNU Scientific Library's: Mersenne twister and the ziggurat.

#include "question.hpp"

#if __has_include(<gsl/gsl_rng.h>) && defined(STOCHFLOW_GSL)

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include <memory>

namespace normals {

double gsl_ziggurat(std::uint64_t seed, std::int64_t count) {
  const std::unique_ptr<gsl_rng, void (*)(gsl_rng*)> generator(gsl_rng_alloc(gsl_rng_mt19937),
                                                               gsl_rng_free);
  gsl_rng_set(generator.get(), seed);
  return fourth_moment<double>(count, [&](auto& numbers) {
    for (double& z : numbers) z = gsl_ran_gaussian_ziggurat(generator.get(), 1.0);
  });
}

}  // namespace normals

#else

namespace normals {
double gsl_ziggurat(std::uint64_t, std::int64_t) { return not_done; }
}  // namespace normals

#endif
