#pragma once

// From errors at several step sizes to an order with a confidence interval. The errors come in
// batches of independent paths; the levels within a batch share their paths, so they are
// correlated, and the interval accounts for it. The model is e(h) = C h^p (1 + D h + ...): the term
// in D absorbs the first deviation from the asymptotic slope, which a straight line in log-log axes
// would report as a wrong order with false confidence. Weak errors deviate by whole powers of h
// (Talay and Tubaro 1990), strong ones by powers of sqrt(h) too.

#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

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

struct PowerFit {
  double order;
  double standard_error;  // from the full covariance of the levels
};

/// The normal equations of a least-squares fit with `size` parameters. Solved by the inverse of the
/// matrix scaled to a unit diagonal: factorisations take Eigen six times as long to compile, in
/// every file that measures orders.
template <int size>
struct NormalEquations {
  using Vector = Eigen::Matrix<double, size, 1>;
  Eigen::Matrix<double, size, size> matrix = Eigen::Matrix<double, size, size>::Zero();
  Vector rhs = Vector::Zero();
  double cost = 0;  // the residuals' sum of squares

  void add(const Vector& gradient, double residual) {
    matrix += gradient * gradient.transpose();
    rhs += gradient * residual;
    cost += residual * residual;
  }
  /// (matrix + damping diagonal)^-1 b
  Vector solve(const Vector& b, double damping = 0) const {
    const Vector scale = matrix.diagonal().cwiseSqrt().cwiseInverse();
    Eigen::Matrix<double, size, size> unit = scale.asDiagonal() * matrix * scale.asDiagonal();
    unit.diagonal().array() += damping;
    return scale.cwiseProduct(unit.inverse() * scale.cwiseProduct(b));
  }
};

/// Weighted least squares of e = C h^p (1 + sum_k D_k h^(powers_k)) by Levenberg-Marquardt.
template <std::size_t corrections>
PowerFit fit_power(const LevelErrors& levels,
                   const Eigen::VectorXd& e,
                   const std::array<double, corrections>& powers) {
  using Equations = NormalEquations<2 + int(corrections)>;
  using Parameters = typename Equations::Vector;  // log C, p, D_1, ...
  const Eigen::Index n = levels.h.size();
  const Eigen::VectorXd weight = levels.covariance.diagonal().cwiseSqrt().cwiseInverse();

  // Start from the straight line through the levels that stand out of their noise.
  NormalEquations<2> line;
  for (Eigen::Index l = 0; l < n; ++l) {
    const double w = e[l] * weight[l];  // 1 / standard deviation of log e
    if (w > 4) line.add(Eigen::Vector2d(w, w * std::log(levels.h[l])), w * std::log(e[l]));
  }
  Parameters q = Parameters::Zero();
  q.template head<2>() = line.solve(line.rhs);

  // The model at one level, and its derivatives.
  const auto model = [&](const Parameters& at, Eigen::Index l, Parameters& gradient) {
    const double h = levels.h[l], base = std::exp(at[0]) * std::pow(h, at[1]);
    double series = 1;
    for (std::size_t k = 0; k < corrections; ++k) {
      const auto parameter = static_cast<Eigen::Index>(2 + k);
      const double power = std::pow(h, powers[k]);
      gradient[parameter] = base * power;
      series += at[parameter] * power;
    }
    gradient[0] = base * series;
    gradient[1] = base * series * std::log(h);
    return base * series;
  };
  const auto equations_at = [&](const Parameters& at) {
    Equations equations;
    Parameters gradient;
    for (Eigen::Index l = 0; l < n; ++l) {
      const double residual = e[l] - model(at, l, gradient);
      equations.add(weight[l] * gradient, weight[l] * residual);
    }
    return equations;
  };
  Equations equations = equations_at(q);
  double damping = 1e-3;
  for (int iteration = 0; iteration < 500 && damping < 1e12; ++iteration) {
    const Parameters step = equations.solve(equations.rhs, damping);
    const Equations trial = equations_at(q + step);
    if (std::isfinite(trial.cost) && trial.cost <= equations.cost) {
      q += step;
      equations = trial;
      damping = std::max(damping / 10, 1e-12);
      if (step.norm() < 1e-12) break;
    } else {
      damping *= 10;
    }
  }
  // How the order answers to the error of each level.
  Eigen::VectorXd answer(n);
  const Parameters row = equations.solve(Parameters::Unit(1));  // of the inverse
  for (Eigen::Index l = 0; l < n; ++l) {
    Parameters gradient;
    model(q, l, gradient);
    answer[l] = row.dot(gradient) * weight[l] * weight[l];
  }
  return {q[1], std::sqrt(answer.dot(levels.covariance.lazyProduct(answer)))};
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

  detail::PowerFit chosen = detail::fit_power<1>(levels, e, {1});
  const auto consider = [&](const std::array<double, 2>& powers) {
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
