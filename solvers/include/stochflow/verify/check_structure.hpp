#pragma once

// Whether a problem's declared noise structure is true: check_structure(problem, x, t) looks at the
// derivatives of the diffusion at one point, by dual numbers, and reports in a sentence; and where
// the problem declares that its drift commutes with its noise, whether it does. A wrong
// declaration does not crash anything, it costs order: Milstein's method on a "diagonal" noise
// whose components depend on one another is of strong order 1/2. Where a declaration fails at one
// point it is false; where it holds it is true there, so choose a point without zeros and
// symmetries.

#include <array>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "stochflow/derivative.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::verify {

struct StructureReport {
  bool holds = false;
  Noise declared{};
  Noise found{};     // the most special structure that holds at the point
  std::string text;  // a sentence: what was found and, if the declaration fails, what to do

  explicit operator bool() const { return holds; }
};

namespace detail {

/// Derivatives of g [N, K] along each unit vector of the state, [N] times [N, K].
using Derivatives = std::vector<Eigen::MatrixXd>;

/// What is not zero beyond rounding, or nothing.
struct Finding {
  bool any = false;
  Eigen::Index row = 0, first = 0, second = 0;
  double value = 0;
};

/// An entry of g (an array: column 0 of g) that changes with a component other than `allowed(row)`.
template <class Allowed>
Finding dependence(const Eigen::MatrixXd& g, const Derivatives& D, const Allowed& allowed) {
  for (std::size_t l = 0; l < D.size(); ++l) {
    for (Eigen::Index i = 0; i < g.rows(); ++i) {
      for (Eigen::Index k = 0; k < g.cols(); ++k) {
        const auto component = static_cast<Eigen::Index>(l);
        if (D[l](i, k) != 0 && !allowed(i, component)) {
          return {true, i, k, component, D[l](i, k)};
        }
      }
    }
  }
  return {};
}

/// Columns j < k of a matrix with Dg^k g^j - Dg^j g^k != 0.
inline Finding commutator(const Eigen::MatrixXd& g, const Derivatives& D) {
  const auto along = [&](Eigen::Index i, Eigen::Index column, Eigen::Index direction) {
    double sum = 0, size = 0;
    for (std::size_t l = 0; l < D.size(); ++l) {
      const double term = D[l](i, column) * g(static_cast<Eigen::Index>(l), direction);
      sum += term, size += std::abs(term);
    }
    return std::array{sum, size};
  };
  for (Eigen::Index j = 0; j < g.cols(); ++j) {
    for (Eigen::Index k = j + 1; k < g.cols(); ++k) {
      for (Eigen::Index i = 0; i < g.rows(); ++i) {
        const auto [a, size_a] = along(i, k, j);
        const auto [b, size_b] = along(i, j, k);
        if (std::abs(a - b) > 1e-12 * (size_a + size_b)) return {true, i, j, k, a - b};
      }
    }
  }
  return {};
}

/// A number, an array or a matrix as a matrix of `rows` rows.
template <class G>
Eigen::MatrixXd as_matrix(const G& g, Eigen::Index rows) {
  if constexpr (EigenExpression<G>) {
    return g.matrix();
  } else {
    return Eigen::MatrixXd::Constant(rows, 1, g);
  }
}

/// The components of x.
template <class X>
Eigen::Index size_of(const X& x) {
  return as_matrix(x, 1).rows();
}

/// What keeps the drift f from commuting with the noise (sde.hpp): the first component `row` and
/// column j = `first` where L^j f - L^0 g^j is not zero beyond rounding. The derivative in time is
/// a central difference, good to 1e-9 or so.
template <class P, class X>
Finding drift_commutator(const P& problem, const X& x, double t) {
  const Eigen::Index N = size_of(x);
  const auto columns = [&](const auto& g) {
    const Eigen::MatrixXd matrix = as_matrix(g, N);
    constexpr bool is_array = !MatrixExpression<decltype(g)> && P::noise != Noise::scalar;
    return is_array ? Eigen::MatrixXd(matrix.col(0).asDiagonal()) : matrix;
  };
  const auto state = [&](const Eigen::VectorXd& v) {
    X result = x;
    if constexpr (EigenExpression<X>) {
      result = v.array();
    } else {
      result = v[0];
    }
    return result;
  };
  const auto drift = [&](const auto& y) { return problem.drift(y, t); };
  const auto diffusion_at = [&](double s) {
    return columns(stochflow::detail::plain(problem.diffusion(x, s)));
  };
  const auto diffusion = [&](const auto& y) { return problem.diffusion(y, t); };
  const X zero = x * 0.0;

  const Eigen::MatrixXd g = diffusion_at(t);
  const double delta = 1e-5;
  Eigen::MatrixXd along_drift =
      columns(diffusion_derivative_along(problem, x, t, X(problem.drift(x, t)))) +
      (diffusion_at(t + delta) - diffusion_at(t - delta)) / (2 * delta);
  for (Eigen::Index k = 0; k < g.cols() && P::calculus == Calculus::ito; ++k) {
    const X g_k = state(g.col(k));
    along_drift += 0.5 * columns(second_derivative(diffusion, x, g_k, g_k, zero));
  }
  for (Eigen::Index j = 0; j < g.cols(); ++j) {
    const Eigen::MatrixXd along_noise =
        as_matrix(second_derivative(drift, x, zero, zero, state(g.col(j))), N);
    for (Eigen::Index i = 0; i < N; ++i) {
      const double a = along_noise(i, 0), b = along_drift(i, j);
      if (!(std::abs(a - b) <= 1e-7 * (std::abs(a) + std::abs(b) + g.cwiseAbs().maxCoeff()))) {
        return {true, i, j, 0, a - b};
      }
    }
  }
  return {};
}

}  // namespace detail

/// Throws std::invalid_argument where the diffusion has no finite derivative.
template <class P, class X>
StructureReport check_structure(const P& problem, const X& x, double t) {
  static_assert(DualDiffusion<P, X>,
                "check_structure needs the derivative of the diffusion: write the diffusion "
                "generic in its number type (const auto& x) so that dual numbers can pass through "
                "it.");
  const auto value = stochflow::detail::plain(problem.diffusion(x, t));
  constexpr bool is_matrix = MatrixExpression<decltype(value)>;
  const Eigen::Index N = detail::size_of(x);
  const Eigen::MatrixXd g = detail::as_matrix(value, N);
  detail::Derivatives D;
  for (Eigen::Index l = 0; l < N; ++l) {
    X unit = x * 0.0;
    if constexpr (EigenExpression<X>) {
      unit[l] = 1;
    } else {
      unit = 1;
    }
    D.push_back(detail::as_matrix(diffusion_derivative_along(problem, x, t, unit), N));
    if (!g.allFinite() || !D.back().allFinite()) {
      throw std::invalid_argument(
          "check_structure: the diffusion or its derivative is not finite at this point: choose "
          "another");
    }
  }

  const auto nothing = [](Eigen::Index, Eigen::Index) { return false; };
  const auto itself = [](Eigen::Index i, Eigen::Index l) { return i == l; };
  const detail::Finding changes = detail::dependence(g, D, nothing);
  const detail::Finding mixes = is_matrix ? detail::Finding{} : detail::dependence(g, D, itself);
  const detail::Finding twists = is_matrix ? detail::commutator(g, D) : detail::Finding{};

  StructureReport report{.holds = true, .declared = P::noise, .found = P::noise, .text = {}};
  if (!changes.any) {
    report.found = Noise::additive;
  } else if (is_matrix) {
    report.found = twists.any ? Noise::general : Noise::commutative;
  } else if (P::noise == Noise::scalar) {
    report.found = Noise::scalar;
  } else {
    report.found = mixes.any ? Noise::general : Noise::diagonal;
  }

  std::ostringstream text;
  text << "The noise is declared " << name(P::noise);
  const auto fails = [&](const auto&... words) {
    report.holds = false;
    text << ", but ";
    (text << ... << words);
  };
  if (P::noise == Noise::additive && changes.any) {
    fails("row ",
          changes.row,
          " of the diffusion changes with x[",
          changes.second,
          "] (derivative ",
          changes.value,
          "): declare Noise::",
          name(report.found),
          report.found == Noise::general && !is_matrix ? " and return a matrix." : ".");
  } else if (P::noise != Noise::general && P::noise != Noise::scalar && mixes.any) {
    fails("component ",
          mixes.row,
          " of the diffusion changes with x[",
          mixes.second,
          "] (derivative ",
          mixes.value,
          "): return the diffusion as a matrix and declare Noise::general.");
  } else if (P::noise == Noise::commutative && twists.any) {
    fails("columns ",
          twists.first,
          " and ",
          twists.second,
          " of the diffusion do not commute: component ",
          twists.row,
          " of their bracket is ",
          twists.value,
          ". Declare Noise::general.");
  } else if (report.found == P::noise) {
    text << ", and is, at this point.";
  } else {
    text << "; at this point it is " << name(report.found)
         << ", for which there are better methods: if that is so everywhere, declare it.";
  }
  if constexpr (drift_commutes<P>) {
    static_assert(TwiceDifferentiable<P, X>,
                  "check_structure needs second derivatives to see whether the drift commutes with "
                  "the noise: write drift and diffusion generic in their number type (const auto& "
                  "x) so that dual numbers can pass through them.");
    text << " The drift is declared to commute with the noise";
    const detail::Finding remains = detail::drift_commutator(problem, x, t);
    if (remains.any) {
      fails("component ",
            remains.row,
            " of L^j f - L^0 g^j is ",
            remains.value,
            " for Brownian motion j = ",
            remains.first,
            ": take that declaration away.");
    } else {
      text << ", and does, at this point.";
    }
  }
  report.text = text.str();
  return report;
}

}  // namespace stochflow::verify
