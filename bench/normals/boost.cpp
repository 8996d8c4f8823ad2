// Boost.Random's: Mersenne twister and the ziggurat.

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>

#include "question.hpp"

namespace normals {

double boost_ziggurat(std::uint64_t seed, std::int64_t count) {
  boost::random::mt19937_64 engine(seed);
  boost::random::normal_distribution<double> normal;
  return fourth_moment<double>(count, [&](auto& numbers) {
    for (double& z : numbers) z = normal(engine);
  });
}

}  // namespace normals
