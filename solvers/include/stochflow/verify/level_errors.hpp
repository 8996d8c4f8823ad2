#pragma once

// Errors at several step sizes, with what sampling leaves uncertain about them. Levels share their
// paths, so their errors are correlated.

#include <Eigen/Core>
#include <cmath>
#include <stdexcept>

namespace stochflow::verify {

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

}  // namespace stochflow::verify
