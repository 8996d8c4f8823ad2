#pragma once

// From errors at several step sizes to an order with a confidence interval. The errors come in
// batches of independent paths; the levels within a batch share their paths, so they are
// correlated, and the interval accounts for it. The model is e(h) = C h^p (1 + D h): the term in D
// absorbs the first deviation from the asymptotic slope, which a straight line in log-log axes
// would report as a wrong order with false confidence.

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace stochflow::verify {

/// Mean errors at each step size and the covariance of those means.
struct LevelErrors {
  Eigen::VectorXd h;           // [levels]
  Eigen::VectorXd error;       // [levels]
  Eigen::MatrixXd covariance;  // [levels, levels]
  int batches = 0;

  double standard_error(Eigen::Index level) const { return std::sqrt(covariance(level, level)); }
};

struct OrderFit {
  double order = NAN;
  double low = NAN, high = NAN;  // confidence interval
  bool resolved = false;         // false: the errors drown in sampling noise, nothing can be said

  /// Whether the interval speaks against `claimed`. An unresolved fit never does.
  bool excludes(double claimed) const { return resolved && (claimed < low || claimed > high); }
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
          .covariance = centred.transpose() * centred / ((n - 1) * n),
          .batches = static_cast<int>(batches)};
}

/// Root-mean-square errors from mean squares (delta method).
inline LevelErrors square_root(LevelErrors mean_squares) {
  mean_squares.error = mean_squares.error.cwiseSqrt();
  const Eigen::VectorXd slope = (2 * mean_squares.error).cwiseInverse();
  mean_squares.covariance = slope.asDiagonal() * mean_squares.covariance * slope.asDiagonal();
  return mean_squares;
}

/// Weighted least squares of e = C h^p (1 + D h) by Levenberg-Marquardt; the interval comes from
/// the full covariance of the levels and Student's t with batches - 1 degrees of freedom.
/// `confidence` is the probability that the interval covers the order; for a table of n intervals
/// that shall all cover together take 1 - 0.05/n (Bonferroni).
inline OrderFit fit_order(const LevelErrors& levels, double confidence = 0.95) {
  const Eigen::Index n = levels.h.size();
  OrderFit fit;
  // A sign that changes, or fewer than four levels above their noise, cannot carry three
  // parameters.
  Eigen::Index clear = 0;
  for (Eigen::Index l = 0; l < n; ++l) {
    if (std::abs(levels.error[l]) > 4 * levels.standard_error(l)) ++clear;
  }
  if (n < 4 || clear < 4) return fit;

  const Eigen::Index coarsest = levels.h[0] > levels.h[n - 1] ? 0 : n - 1;
  const double sign = levels.error[coarsest] < 0 ? -1 : 1;
  const Eigen::VectorXd e = sign * levels.error;
  const Eigen::VectorXd weight = levels.covariance.diagonal().cwiseSqrt().cwiseInverse();

  // Start from the straight line through the levels that stand out of their noise.
  Eigen::Matrix2d line = Eigen::Matrix2d::Zero();
  Eigen::Vector2d line_rhs = Eigen::Vector2d::Zero();
  for (Eigen::Index l = 0; l < n; ++l) {
    if (e[l] <= 4 * levels.standard_error(l)) continue;
    const Eigen::Vector2d row(1, std::log(levels.h[l]));
    const double w = e[l] * e[l] * weight[l] * weight[l];  // inverse variance of log e
    line += w * row * row.transpose();
    line_rhs += w * std::log(e[l]) * row;
  }
  const Eigen::Vector2d start = line.ldlt().solve(line_rhs);
  Eigen::Vector3d parameters(start[0], start[1], 0);
  const auto model =
      [&](const Eigen::Vector3d& q, Eigen::VectorXd& value, Eigen::MatrixXd& jacobian) {
        for (Eigen::Index l = 0; l < n; ++l) {
          const double h = levels.h[l], base = std::exp(q[0]) * std::pow(h, q[1]);
          value[l] = base * (1 + q[2] * h);
          jacobian.row(l) << value[l], value[l] * std::log(h), base * h;
        }
      };
  Eigen::VectorXd value(n);
  Eigen::MatrixXd jacobian(n, 3);
  double damping = 1e-3;
  model(parameters, value, jacobian);
  double cost = (weight.asDiagonal() * (e - value)).squaredNorm();
  for (int iteration = 0; iteration < 200; ++iteration) {
    const Eigen::MatrixXd J = weight.asDiagonal() * jacobian;
    const Eigen::VectorXd r = weight.asDiagonal() * (e - value);
    Eigen::Matrix3d normal = J.transpose() * J;
    normal.diagonal() *= 1 + damping;
    const Eigen::Vector3d trial =
        parameters + Eigen::Vector3d(normal.ldlt().solve(J.transpose() * r));
    Eigen::VectorXd trial_value(n);
    Eigen::MatrixXd trial_jacobian(n, 3);
    model(trial, trial_value, trial_jacobian);
    const double trial_cost = (weight.asDiagonal() * (e - trial_value)).squaredNorm();
    if (std::isfinite(trial_cost) && trial_cost <= cost) {
      const bool converged = (trial - parameters).norm() < 1e-12;
      parameters = trial;
      value = trial_value;
      jacobian = trial_jacobian;
      cost = trial_cost;
      damping = std::max(damping / 10, 1e-12);
      if (converged) break;
    } else {
      damping *= 10;
      if (damping > 1e12) break;
    }
  }
  const Eigen::MatrixXd J = weight.asDiagonal() * jacobian;
  const Eigen::MatrixXd solver =
      (J.transpose() * J).ldlt().solve(J.transpose()) * Eigen::MatrixXd(weight.asDiagonal());
  const double variance = (solver * levels.covariance * solver.transpose())(1, 1);
  const boost::math::students_t student(levels.batches - 1);
  const double half_width =
      boost::math::quantile(student, 0.5 + 0.5 * confidence) * std::sqrt(variance);
  fit.order = parameters[1];
  fit.low = fit.order - half_width;
  fit.high = fit.order + half_width;
  fit.resolved = std::isfinite(half_width) && half_width < 0.5;
  return fit;
}

}  // namespace stochflow::verify
