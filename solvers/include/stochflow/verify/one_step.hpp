#pragma once

// The order of a method, proved without sampling: `prove_weak(problem, method)` and
// `prove_strong(problem, method)`. One step is run for every value that its random variables can
// take (noise_nodes.hpp), so that moments of the step are finite sums, and these are compared with
// the exact solution's (local_expansion.hpp) at one generic point while the step is halved. The
// global orders follow from the local ones by Milstein's theorems:
//
//   weak p    |E (X_h - x)^a - E (Y_h - x)^a| = O(h^(p+1)) for all monomials up to degree 2p + 1
//   strong p  |E (X_h - Y_h)| = O(h^(p+1)) and E(|X_h - Y_h|^2)^(1/2) = O(h^(p+1/2))
//
// Use it on a method of your own with any problem whose text is generic in the numbers it takes,
// the time included; one_step_problems.hpp has one for each noise structure. A single problem
// proves a defect, and a generic one (no special symmetries, time-dependent, nonlinear) leaves a
// defect no place to hide. Monte-Carlo slopes, which show the size of errors as well, are in
// convergence.hpp. Source: Milstein and Tretyakov 2004, chapters 1 and 2.

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/verify/local_expansion.hpp"
#include "stochflow/verify/noise_nodes.hpp"
#include "stochflow/verify/one_step_runner.hpp"

namespace stochflow::verify {

struct ProofOptions {
  /// Steps 2^-coarsest ... 2^-finest.
  int coarsest = 9;
  int finest = 18;
};

/// One quantity whose error over a step is followed to small steps.
struct LocalError {
  std::string quantity;
  std::vector<double> h, error;
  double exponent = 0;  // error = O(h^exponent), from the smallest steps that rounding leaves
};

/// A measured exponent may fall short of the one it stands for by this much: errors of methods
/// come in half powers of h, so a lower order is 0.5 off.
inline constexpr double exponent_tolerance = 0.1;

struct WeakProof {
  double claimed = 0;
  std::vector<LocalError> moments;

  const LocalError& worst() const {
    return *std::min_element(moments.begin(), moments.end(), [](const auto& a, const auto& b) {
      return a.exponent < b.exponent;
    });
  }
  /// The global weak order that the moments prove, capped by the reference's third order.
  double order() const { return std::min(worst().exponent, 4.0) - 1; }
  bool holds() const { return order() > claimed - exponent_tolerance; }
};

struct StrongProof {
  double claimed = 0;
  LocalError mean_square;  // root mean square of |X_h - Y_h|
  LocalError mean;         // |E (X_h - Y_h)|

  const LocalError& weakest() const {
    return mean.exponent - 1 < mean_square.exponent - 0.5 ? mean : mean_square;
  }
  /// The global strong order, capped by the reference's 1.5.
  double order() const { return std::min({mean_square.exponent - 0.5, mean.exponent - 1, 1.5}); }
  bool holds() const { return order() > claimed - exponent_tolerance; }
};

namespace detail {

/// All exponents over `size` components of total degree 1 ... degree.
inline std::vector<Series::Exponents> monomials(int size, int degree) {
  std::vector<Series::Exponents> result;
  Series::Exponents exponents{};
  const std::function<void(int, int)> extend = [&](int component, int left) {
    if (component == size) {
      if (left < degree) result.push_back(exponents);
      return;
    }
    for (int power = 0; power <= left; ++power) {
      exponents[static_cast<std::size_t>(component)] = static_cast<std::uint8_t>(power);
      extend(component + 1, left - power);
    }
    exponents[static_cast<std::size_t>(component)] = 0;
  };
  extend(0, degree);
  return result;
}

/// The slope over the last two halvings whose errors stand out of rounding; infinite where none
/// does: the error is then zero. A distance of a state of size 1 is rounded to 2e-16, and its
/// product with `powers` further ones of size sqrt(h) accordingly.
inline double smallest_step_exponent(const std::vector<double>& h,
                                     const std::vector<double>& error,
                                     int powers = 0) {
  for (std::size_t k = h.size() - 1; k > 0; --k) {
    if (std::abs(error[k]) < 300 * 2e-16 * std::pow(h[k], 0.5 * powers)) continue;
    const std::size_t from = k > 1 ? k - 2 : k - 1;
    return std::log(std::abs(error[from] / error[k])) / std::log(h[from] / h[k]);
  }
  return std::numeric_limits<double>::infinity();
}

inline std::vector<double> halved_steps(const ProofOptions& options) {
  if (options.coarsest < 0 || options.finest <= options.coarsest || options.finest > 30) {
    throw std::invalid_argument(
        "a proof of order needs steps 2^-coarsest ... 2^-finest with 0 <= coarsest < finest <= 30");
  }
  std::vector<double> h;
  for (int level = options.coarsest; level <= options.finest; ++level) {
    h.push_back(std::ldexp(1.0, -level));
  }
  return h;
}

inline int total_degree(const Series::Exponents& exponents) {
  return std::accumulate(exponents.begin(), exponents.end(), 0);
}

/// The errors of the step's moments of each degree 1 ... `degree`: the root sum of squares over the
/// monomials of that degree, because the error of one alone may cross zero at some step.
inline std::vector<LocalError> moment_errors(const OneStep& step,
                                             const LocalFields& fields,
                                             int degree,
                                             const ProofOptions& options) {
  const std::vector<Series::Exponents> list = monomials(step.size, degree);
  std::vector<std::array<double, 3>> exact;
  for (const Series::Exponents& exponents : list) {
    exact.push_back(moment_coefficients(fields, exponents));
  }
  std::vector<LocalError> errors;
  for (int d = 1; d <= degree; ++d) {
    errors.push_back({.quantity = d == 1 ? "mean" : "moments of degree " + std::to_string(d),
                      .h = halved_steps(options),
                      .error = {}});
  }
  const auto components = static_cast<std::size_t>(step.size);
  const QuadratureSizes sizes = quadrature_sizes(step.needs);
  std::array<double, Series::states> distance{};
  std::array<std::array<double, Series::degree + 1>, Series::states> powers{};
  for (const double h : halved_steps(options)) {
    std::vector<double> moments(list.size());
    for_each_noise(step.needs, step.noises, h, sizes, [&](double p, const auto& values) {
      step.run(h, values, distance);
      for (std::size_t i = 0; i < components; ++i) {
        powers[i][0] = 1;
        for (std::size_t n = 1; n <= static_cast<std::size_t>(degree); ++n) {
          powers[i][n] = powers[i][n - 1] * distance[i];
        }
      }
      for (std::size_t a = 0; a < list.size(); ++a) {
        double product = p;
        for (std::size_t i = 0; i < components; ++i) product *= powers[i][list[a][i]];
        moments[a] += product;
      }
    });
    std::vector<double> squares(errors.size());
    for (std::size_t a = 0; a < list.size(); ++a) {
      const auto& c = exact[a];
      const double error = moments[a] - h * (c[0] + h * (c[1] + h * c[2]));
      squares[static_cast<std::size_t>(total_degree(list[a]) - 1)] += error * error;
    }
    for (std::size_t d = 0; d < errors.size(); ++d)
      errors[d].error.push_back(std::sqrt(squares[d]));
  }
  for (std::size_t d = 0; d < errors.size(); ++d) {
    errors[d].exponent = smallest_step_exponent(errors[d].h, errors[d].error, static_cast<int>(d));
  }
  return errors;
}

/// The root mean square distance from the Stratonovich-Taylor scheme on the same path. Of a path of
/// which the method sees less than the areas, the rest is averaged over: H by quadrature, the areas
/// given W and H by their conditional variance, which enters where the columns do not commute.
inline LocalError mean_square_error(const OneStep& step,
                                    const LocalFields& fields,
                                    const ProofOptions& options) {
  const TaylorStep taylor(fields);
  LocalError result{.quantity = "root mean square", .h = halved_steps(options), .error = {}};
  const bool sees_areas = step.needs == NoiseInput::WA;
  const NoiseInput nodes = step.needs == NoiseInput::W ? NoiseInput::WH : step.needs;
  QuadratureSizes sizes = quadrature_sizes(nodes);
  if (step.needs == NoiseInput::W) sizes.H = 2;  // H enters the square through the reference only
  std::array<double, Series::states> distance{};
  const Eigen::Index m = step.noises;
  TaylorStep::Vector W(m), H(m);
  TaylorStep::Areas A(m, m);
  for (const double h : result.h) {
    double square = 0;
    for_each_noise(nodes, step.noises, h, sizes, [&](double p, const auto& values) {
      step.run(h, values, distance);
      for (Eigen::Index k = 0; k < m; ++k) {
        W[k] = values.W[static_cast<std::size_t>(k)];
        H[k] = values.H[static_cast<std::size_t>(k)];
      }
      for (Eigen::Index j = 0; j < m; ++j) {
        for (Eigen::Index k = 0; k < m; ++k) {
          A(j, k) = sees_areas ? values.A[static_cast<std::size_t>(j)][static_cast<std::size_t>(k)]
                               : H[j] * W[k] - W[j] * H[k];
          if (!sees_areas && j < k) {
            square += p * area_variance(h, H[j], H[k]) * taylor.bracket(j, k).squaredNorm();
          }
        }
      }
      const TaylorStep::Vector y = taylor(h, W, H, A);
      for (Eigen::Index i = 0; i < step.size; ++i) {
        const double d = distance[static_cast<std::size_t>(i)] - y[i];
        square += p * d * d;
      }
    });
    result.error.push_back(std::sqrt(square));
  }
  result.exponent = smallest_step_exponent(result.h, result.error);
  return result;
}

}  // namespace detail

/// The weak order of `method` on `problem` from one step at (x0, t0), against the order that the
/// method claims for the problem's noise.
template <class P, class M, class X>
WeakProof prove_weak(
    const P& problem, const M& method, const X& x0, double t0, const ProofOptions& options = {}) {
  const double claimed = M::facts.weak[P::noise];
  const int degree = static_cast<int>(std::ceil(2 * claimed)) + 1;
  return {.claimed = claimed,
          .moments = detail::moment_errors(detail::one_step(problem, method, x0, t0),
                                           local_fields(problem, x0, t0),
                                           std::clamp(degree, 3, 5),
                                           options)};
}

/// The strong order of `method` on `problem`, likewise. Orders up to 1.5; the method's noise must
/// be the Brownian path's own, which two- and three-point variables are not.
template <class P, class M, class X>
StrongProof prove_strong(
    const P& problem, const M& method, const X& x0, double t0, const ProofOptions& options = {}) {
  static_assert(
      M::facts.needs != NoiseInput::two_point && M::facts.needs != NoiseInput::three_point,
      "This method takes two- or three-point variables in place of the Brownian path, so "
      "it has no strong order: use prove_weak.");
  static_assert(M::facts.strong[P::noise] <= 1.5,
                "This method claims a strong order above 1.5 for the problem's noise, and the "
                "reference of prove_strong is a Taylor scheme of order 1.5: claim at most that.");
  const detail::OneStep step = detail::one_step(problem, method, x0, t0);
  const LocalFields fields = local_fields(problem, x0, t0);
  return {.claimed = M::facts.strong[P::noise],
          .mean_square = detail::mean_square_error(step, fields, options),
          .mean = detail::moment_errors(step, fields, 1, options).front()};
}

/// The same at the problem's own point (P::x0(), P::t0).
template <class P, class M>
WeakProof prove_weak(const P& problem, const M& method, const ProofOptions& options = {}) {
  return prove_weak(problem, method, P::x0(), P::t0, options);
}
template <class P, class M>
StrongProof prove_strong(const P& problem, const M& method, const ProofOptions& options = {}) {
  return prove_strong(problem, method, P::x0(), P::t0, options);
}

}  // namespace stochflow::verify
