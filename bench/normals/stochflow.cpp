// Ours as the engine of ensembles draws them, 128 trajectories side by side, and one number after
// the other as a single trajectory gets them.

#include <span>

#include "question.hpp"
#include "stochflow/ensemble/lane_noise.hpp"
#include "stochflow/noise/ars.hpp"
#include "stochflow/noise/normal.hpp"
#include "stochflow/pack.hpp"

namespace normals {
namespace {

using stochflow::NoiseInput;
using stochflow::Pack;

/// of(path, step) is one pack of numbers.
template <class T, NoiseInput input, class Generator, class Of>
double drawn(std::uint64_t seed, std::int64_t count, const Of& of) {
  constexpr std::size_t lanes = Pack<T>::lanes, packs = 128 / lanes;
  stochflow::detail::LaneNoise<input, Pack<T>, packs, Generator> noise(seed);
  noise.start(0);
  std::int64_t index = 0;
  return fourth_moment<T>(count, [&](auto& numbers) {
    for (std::size_t at = 0; at < numbers.size(); at += 128, ++index) {
      const stochflow::Step step{index, 0.0, 1.0};
      noise.prepare(step);
      for (std::size_t p = 0; p < packs; ++p) {
        const Pack<T> z = of(noise.at(p), step);
        z.simd().copy_to(numbers.data() + at + p * lanes, std::experimental::element_aligned);
      }
    }
  });
}

constexpr auto gaussian = [](const auto& path, const stochflow::Step& step) {
  return path.increment(step).W;
};

}  // namespace

double lanes(std::uint64_t seed, std::int64_t count) {
  return drawn<double, NoiseInput::W, stochflow::Philox>(seed, count, gaussian);
}

double lanes_float(std::uint64_t seed, std::int64_t count) {
  return drawn<float, NoiseInput::W, stochflow::Philox>(seed, count, gaussian);
}

double lanes_ars(std::uint64_t seed, std::int64_t count) {
  return drawn<double, NoiseInput::W, stochflow::Ars>(seed, count, gaussian);
}

double lanes_two_point(std::uint64_t seed, std::int64_t count) {
  return drawn<double, NoiseInput::two_point, stochflow::Philox>(
      seed, count, [](const auto& path, const stochflow::Step& step) {
        return path.two_point_increment(step).W;
      });
}

double one_by_one(std::uint64_t seed, std::int64_t count) {
  const stochflow::RandomStream stream(seed, stochflow::Purpose::increments);
  std::uint64_t draw = 0;
  return fourth_moment<double>(count, [&](auto& numbers) {
    stochflow::fill_normals(stream, 0, draw++, std::span<double>(numbers));
  });
}

}  // namespace normals
