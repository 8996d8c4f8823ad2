// The standard library's: Mersenne twister and the polar method.

#include <random>

#include "question.hpp"

namespace normals {

double std_normals(std::uint64_t seed, std::int64_t count) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  return fourth_moment<double>(count, [&](auto& numbers) {
    for (double& z : numbers) z = normal(engine);
  });
}

}  // namespace normals
