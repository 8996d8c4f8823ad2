#pragma once

// The question: what does a standard normal cost, by the million? Every competitor draws `count`
// numbers into a buffer of 1,024 and returns the mean of their fourth powers, 3 for normals; for
// two-point variables of size 1 it is 1.

#include <array>
#include <cstddef>
#include <cstdint>

namespace normals {

using Competitor = double (*)(std::uint64_t seed, std::int64_t count);
inline constexpr double not_done = -1e300;

inline constexpr std::int64_t buffer = 1024;

/// fill(numbers) writes `buffer` numbers. Sums in sixteen columns, or adding them up one after the
/// other would cost more than drawing them.
template <class T, class Fill>
double fourth_moment(std::int64_t count, const Fill& fill) {
  constexpr std::size_t columns = 16;
  std::array<T, buffer> numbers;
  std::array<double, columns> sums{};
  for (std::int64_t done = 0; done < count; done += buffer) {
    fill(numbers);
    std::array<T, columns> part{};
    for (std::size_t row = 0; row < numbers.size(); row += columns) {
      for (std::size_t k = 0; k < columns; ++k) {
        const T square = numbers[row + k] * numbers[row + k];
        part[k] += square * square;
      }
    }
    for (std::size_t k = 0; k < columns; ++k) sums[k] += static_cast<double>(part[k]);
  }
  double sum = 0;
  for (const double column : sums) sum += column;
  return sum / static_cast<double>(count);
}

double lanes(std::uint64_t seed, std::int64_t count);
double lanes_float(std::uint64_t seed, std::int64_t count);
double lanes_ars(std::uint64_t seed, std::int64_t count);
double lanes_two_point(std::uint64_t seed, std::int64_t count);
double one_by_one(std::uint64_t seed, std::int64_t count);
double std_normals(std::uint64_t seed, std::int64_t count);
double boost_ziggurat(std::uint64_t seed, std::int64_t count);
double gsl_ziggurat(std::uint64_t seed, std::int64_t count);

}  // namespace normals
