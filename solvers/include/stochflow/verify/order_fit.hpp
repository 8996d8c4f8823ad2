#pragma once

// From errors at several step sizes to an order with a confidence interval. The errors come in
// batches of independent paths; the levels within a batch share their paths, so they are
// correlated, and the interval accounts for it. The model is e(h) = C h^p (1 + D h + ...): the term
// in D absorbs the first deviation from the asymptotic slope, which a straight line in log-log axes
// would report as a wrong order with false confidence. Weak errors deviate by whole powers of h
// (Talay and Tubaro 1990), strong ones by powers of sqrt(h) too.

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

#include "stochflow/verify/level_errors.hpp"

namespace stochflow::verify {

struct OrderFit {
  double order = NAN;
  double low = NAN, high = NAN;  // confidence interval
  bool resolved = false;         // false: the errors drown in sampling noise, nothing can be said

  /// Whether the whole interval lies below, or above, `claimed`. An unresolved fit says neither.
  bool falls_short_of(double claimed) const { return resolved && high < claimed; }
  bool exceeds(double claimed) const { return resolved && low > claimed; }
};

namespace detail {

/// Weighted least squares of e = C h^p (1 + sum_k D_k h^(powers_k)) by Levenberg-Marquardt.
struct PowerFit {
  double order;
  double standard_error;  // from the full covariance of the levels
};

inline PowerFit fit_power(const LevelErrors& levels,
                          const Eigen::VectorXd& e,
                          const std::vector<double>& powers) {
  const auto corrections = static_cast<Eigen::Index>(powers.size());
  const Eigen::Index n = levels.h.size(), size = 2 + corrections;
  const Eigen::VectorXd weight = levels.covariance.diagonal().cwiseSqrt().cwiseInverse();

  // Start from the straight line through the levels that stand out of their noise.
  Eigen::Matrix2d line = Eigen::Matrix2d::Zero();
  Eigen::Vector2d line_rhs = Eigen::Vector2d::Zero();
  for (Eigen::Index l = 0; l < n; ++l) {
    if (e[l] * weight[l] <= 4) continue;
    const Eigen::Vector2d row(1, std::log(levels.h[l]));
    const double w = e[l] * e[l] * weight[l] * weight[l];  // inverse variance of log e
    line += w * row * row.transpose();
    line_rhs += w * std::log(e[l]) * row;
  }
  Eigen::VectorXd q = Eigen::VectorXd::Zero(size);  // log C, p, D_1, ...
  q.head<2>() = line.ldlt().solve(line_rhs);

  Eigen::VectorXd value(n);
  Eigen::MatrixXd jacobian(n, size);
  const auto evaluate = [&](const Eigen::VectorXd& at) {
    for (Eigen::Index l = 0; l < n; ++l) {
      const double h = levels.h[l], base = std::exp(at[0]) * std::pow(h, at[1]);
      double series = 1;
      for (Eigen::Index k = 0; k < corrections; ++k) {
        const double power = std::pow(h, powers[static_cast<std::size_t>(k)]);
        jacobian(l, 2 + k) = base * power;
        series += at[2 + k] * power;
      }
      value[l] = base * series;
      jacobian(l, 0) = value[l];
      jacobian(l, 1) = value[l] * std::log(h);
    }
    return (weight.asDiagonal() * (e - value)).squaredNorm();
  };
  double cost = evaluate(q), damping = 1e-3;
  for (int iteration = 0; iteration < 500 && damping < 1e12; ++iteration) {
    evaluate(q);
    const Eigen::MatrixXd J = weight.asDiagonal() * jacobian;
    const Eigen::VectorXd r = weight.asDiagonal() * (e - value);
    Eigen::MatrixXd normal = J.transpose() * J;
    normal.diagonal() *= 1 + damping;
    const Eigen::VectorXd step = normal.ldlt().solve(J.transpose() * r);
    const double trial = evaluate(q + step);
    if (std::isfinite(trial) && trial <= cost) {
      q += step;
      cost = trial;
      damping = std::max(damping / 10, 1e-12);
      if (step.norm() < 1e-12) break;
    } else {
      damping *= 10;
    }
  }
  evaluate(q);
  const Eigen::MatrixXd J = weight.asDiagonal() * jacobian;
  const Eigen::MatrixXd linear =
      (J.transpose() * J).ldlt().solve(J.transpose()) * Eigen::MatrixXd(weight.asDiagonal());
  return {q[1], std::sqrt((linear * levels.covariance * linear.transpose())(1, 1))};
}

}  // namespace detail

/// What cutting the series 1 + D h + ... can shift an order by, added to every interval: on error
/// sequences without sampling noise (moments of Euler-Maruyama and Milstein in closed form, six
/// levels from h = 1/2) the fit is off by 0.001 to 0.004.
inline constexpr double truncation_allowance = 0.005;

/// Which powers of h the deviation from C h^p may have.
enum class Deviation { whole_powers, half_powers };

/// The order from the errors of at least four levels, with Student's t interval of batches - 1
/// degrees of freedom. The correction term is D h; terms in h and h^2, and with half_powers those
/// in sqrt(h) and h, take its place when they move the order by more than twice that fit's own
/// standard error, so that small sampling noise cannot hide a bent line.
/// `confidence` is the probability that the interval covers the order; for a table of n intervals
/// that shall all cover together take 1 - 0.05/n (Bonferroni).
inline OrderFit fit_order(const LevelErrors& levels,
                          double confidence = 0.95,
                          Deviation deviation = Deviation::whole_powers) {
  const Eigen::Index n = levels.h.size();
  OrderFit fit;
  const Eigen::Index coarsest = levels.h[0] > levels.h[n - 1] ? 0 : n - 1;
  const Eigen::VectorXd e =
      levels.error[coarsest] < 0 ? Eigen::VectorXd(-levels.error) : levels.error;
  Eigen::Index clear = 0;
  for (Eigen::Index l = 0; l < n; ++l) {
    if (e[l] > 4 * levels.standard_error(l)) ++clear;
  }
  if (n < 4 || clear < 4) return fit;

  detail::PowerFit chosen = detail::fit_power(levels, e, {1});
  const auto consider = [&](const std::vector<double>& powers) {
    const detail::PowerFit bent = detail::fit_power(levels, e, powers);
    if (std::abs(bent.order - chosen.order) > 2 * bent.standard_error) chosen = bent;
  };
  if (n > 4) consider({1, 2});
  if (n > 4 && deviation == Deviation::half_powers) consider({0.5, 1});
  const boost::math::students_t student(levels.batches - 1);
  const double half_width =
      boost::math::quantile(student, 0.5 + 0.5 * confidence) * chosen.standard_error +
      truncation_allowance;
  fit.order = chosen.order;
  fit.low = fit.order - half_width;
  fit.high = fit.order + half_width;
  fit.resolved = std::isfinite(half_width) && half_width < 0.5;
  return fit;
}

}  // namespace stochflow::verify
