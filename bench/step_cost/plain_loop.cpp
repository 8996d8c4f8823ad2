// No library: two nested loops and the standard library's normals.

#include <cmath>
#include <random>

#include "question.hpp"

namespace step_cost {

double plain_loop(std::uint64_t seed, int paths) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  const double root_h = std::sqrt(h);
  double sum = 0;
  for (int k = 0; k < paths; ++k) {
    double x = 1;
    for (int n = 0; n < steps; ++n) x += h * mu * x + sigma * x * root_h * normal(generator);
    sum += x;
  }
  return sum;
}

}  // namespace step_cost
