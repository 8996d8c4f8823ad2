#pragma once

// Errors at several step sizes, with what sampling leaves uncertain about them, from batches of
// paths. Levels share their paths, so their errors are correlated.

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "stochflow/ensemble/threads.hpp"

namespace stochflow::verify {

/// Step sizes t1 2^-coarsest ... t1 2^-finest.
struct Levels {
  int coarsest;
  int finest;

  int count() const { return finest - coarsest + 1; }
};

inline Eigen::VectorXd step_sizes(double t1, Levels levels) {
  Eigen::VectorXd h(levels.count());
  for (int l = 0; l < levels.count(); ++l) h[l] = t1 * std::ldexp(1.0, -(levels.coarsest + l));
  return h;
}

/// Mean errors at each step size and the covariance of those means.
struct LevelErrors {
  Eigen::VectorXd h;           // [levels]
  Eigen::VectorXd error;       // [levels]
  Eigen::MatrixXd covariance;  // [levels, levels]
  int batches = 0;

  double standard_error(Eigen::Index level) const { return std::sqrt(covariance(level, level)); }
};

/// Means and covariance over batches. batch_errors: [batches, levels].
inline LevelErrors level_errors(const Eigen::VectorXd& h, const Eigen::MatrixXd& batch_errors) {
  const auto batches = batch_errors.rows();
  if (batches < 2 || batch_errors.cols() != h.size()) {
    throw std::invalid_argument("level_errors: expected at least 2 batches of one error a level");
  }
  const Eigen::RowVectorXd mean = batch_errors.colwise().mean();
  const Eigen::MatrixXd centred = batch_errors.rowwise() - mean;
  const double n = static_cast<double>(batches);
  return {.h = h,
          .error = mean.transpose(),
          .covariance = centred.transpose().lazyProduct(centred) / ((n - 1) * n),
          .batches = static_cast<int>(batches)};
}

/// Root-mean-square errors from mean squares (delta method).
inline LevelErrors square_root(LevelErrors mean_squares) {
  mean_squares.error = mean_squares.error.cwiseSqrt();
  const Eigen::VectorXd slope = (2 * mean_squares.error).cwiseInverse();
  mean_squares.covariance = slope.asDiagonal() * mean_squares.covariance * slope.asDiagonal();
  return mean_squares;
}

namespace detail {

inline constexpr std::int64_t batches = 64;

inline void check(Levels levels, std::int64_t paths) {
  if (levels.finest - levels.coarsest >= 3 && levels.coarsest >= 0 && levels.finest <= 20 &&
      paths >= batches) {
    return;
  }
  throw std::invalid_argument(
      "verify::measure_errors: expected at least 4 levels (finest - coarsest >= 3), finest <= 20 "
      "and at least 64 paths (512 for the strong order, which uses an eighth), found levels " +
      std::to_string(levels.coarsest) + " to " + std::to_string(levels.finest) + " and " +
      std::to_string(paths) + " paths");
}

/// body(batch, first, last) for each of the batches, of paths first ... last - 1, on some thread.
template <class Body>
void for_each_batch(std::int64_t paths, int threads, const Body& body) {
  stochflow::detail::for_each_block(
      batches, stochflow::detail::thread_count(threads, batches), [&](std::int64_t batch) {
        body(batch, batch * paths / batches, (batch + 1) * paths / batches);
      });
}

}  // namespace detail

}  // namespace stochflow::verify
