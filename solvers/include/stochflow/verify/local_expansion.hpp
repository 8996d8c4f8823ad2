#pragma once

// What the exact solution does over a short step from one point (x0, t0): its moments
// E[(X_h - x0)^a] by the generator L, and its path to order 1.5 by the Stratonovich-Taylor series.
// Both come from the problem's own text through Series, so they owe nothing to the method that is
// measured against them.
//
//   E phi(X_h, t0 + h) = phi + h L phi + h^2/2 L^2 phi + h^3/6 L^3 phi + O(h^4)
//   L = L^0 + 1/2 sum_k L^k L^k,   L^0 = d/dt + f . grad,   L^k = g^k . grad
//
// in Stratonovich's form; an Itô drift loses 1/2 sum_k (Dg^k) g^k first.
// Source: Kloeden and Platen 1992, sections 5.1 and 5.6.

#include <Eigen/Core>
#include <string>
#include <type_traits>
#include <vector>

#include "stochflow/sde.hpp"
#include "stochflow/verify/series.hpp"

namespace stochflow::verify {

/// The coefficients of a problem near a point, in Stratonovich's form.
struct LocalFields {
  std::vector<Series> drift;                 // [N]
  std::vector<std::vector<Series>> columns;  // [M][N]

  /// g^k . grad phi, component by component for a field.
  Series along(std::size_t k, const Series& phi) const { return along(columns[k], phi); }
  std::vector<Series> along(std::size_t k, const std::vector<Series>& field) const {
    std::vector<Series> result;
    for (const Series& component : field) result.push_back(along(columns[k], component));
    return result;
  }
  /// L^0
  Series along_drift(const Series& phi) const {
    return phi.derivative(Series::time) + along(drift, phi);
  }
  std::vector<Series> along_drift(const std::vector<Series>& field) const {
    std::vector<Series> result;
    for (const Series& component : field) result.push_back(along_drift(component));
    return result;
  }
  /// L
  Series generator(const Series& phi) const {
    Series result = along_drift(phi);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      result += along(k, along(k, phi)) * Series(0.5);
    }
    return result;
  }

 private:
  static Series along(const std::vector<Series>& field, const Series& phi) {
    Series sum;
    for (std::size_t i = 0; i < field.size(); ++i) {
      sum += field[i] * phi.derivative(static_cast<int>(i));
    }
    return sum;
  }
};

namespace detail {

/// Coefficient functions as lists of series, one list a Brownian motion. `g` is what the problem's
/// diffusion returned: a matrix, an array or a number.
template <Noise N, class G>
std::vector<std::vector<Series>> series_columns(const G& g, std::size_t size) {
  std::vector<std::vector<Series>> columns;
  if constexpr (MatrixExpression<G>) {
    for (Eigen::Index k = 0; k < g.cols(); ++k) {
      columns.emplace_back();
      for (Eigen::Index i = 0; i < g.rows(); ++i) columns.back().push_back(Series(g(i, k)));
    }
  } else {
    const auto element = [&]([[maybe_unused]] std::size_t i) {
      if constexpr (EigenExpression<G>) {
        return Series(g[static_cast<Eigen::Index>(i)]);
      } else {
        return Series(g);
      }
    };
    columns.assign(N == Noise::scalar ? 1 : size, std::vector<Series>(size));
    for (std::size_t i = 0; i < size; ++i) columns[N == Noise::scalar ? 0 : i][i] = element(i);
  }
  return columns;
}

/// The problem's coefficients at a time that is a series too. The problems made by ito<...>(f, g)
/// and stratonovich<...>(f, g) take times as double; their functions may take more.
template <class P, class X>
auto drift_at(const P& problem, const X& x, const Series& t) {
  if constexpr (requires { problem.drift_function(x, t); }) {
    return stochflow::detail::plain(problem.drift_function(x, t));
  } else {
    static_assert(
        requires { problem.drift(x, t); },
        "A proof of order needs a drift that is generic in the state and in the time: "
        "write drift(const auto& x, const auto& t).");
    return stochflow::detail::plain(problem.drift(x, t));
  }
}
template <class P, class X>
auto diffusion_at(const P& problem, const X& x, const Series& t) {
  if constexpr (requires { problem.diffusion_function(x, t); }) {
    return stochflow::detail::plain(problem.diffusion_function(x, t));
  } else {
    static_assert(
        requires { problem.diffusion(x, t); },
        "A proof of order needs a diffusion that is generic in the state and in the "
        "time: write diffusion(const auto& x, const auto& t).");
    return stochflow::detail::plain(problem.diffusion(x, t));
  }
}

}  // namespace detail

/// The fields of `problem` at (x0, t0). Its drift and diffusion must be generic in the number type
/// of the state and of the time, and analytic at that point; at most four components.
template <class P, class X>
LocalFields local_fields(const P& problem, const X& x0, double t0) {
  const Series t = Series::variable(Series::time, t0);
  LocalFields fields;
  if constexpr (std::is_arithmetic_v<X>) {
    const Series x = Series::variable(0, x0);
    fields.drift = {Series(detail::drift_at(problem, x, t))};
    fields.columns = {{Series(detail::diffusion_at(problem, x, t))}};
  } else {
    if (x0.size() > Series::states) {
      throw std::invalid_argument("local_fields: the state has " + std::to_string(x0.size()) +
                                  " components, but a proof of order handles at most 4: take a "
                                  "smaller problem with the same noise structure");
    }
    using State = Vector<Series, X::RowsAtCompileTime>;
    State x(x0.size());
    for (Eigen::Index i = 0; i < x0.size(); ++i) {
      x[i] = Series::variable(static_cast<int>(i), x0[i]);
    }
    const State f = detail::drift_at(problem, x, t);
    fields.drift.assign(f.data(), f.data() + f.size());
    const auto g = detail::diffusion_at(problem, x, t);
    fields.columns = detail::series_columns<P::noise>(g, static_cast<std::size_t>(x0.size()));
  }
  if constexpr (P::calculus == Calculus::ito) {
    for (std::size_t k = 0; k < fields.columns.size(); ++k) {
      const std::vector<Series> correction = fields.along(k, fields.columns[k]);
      for (std::size_t i = 0; i < correction.size(); ++i) {
        fields.drift[i] -= correction[i] * Series(0.5);
      }
    }
  }
  return fields;
}

/// E[(X_h - x0)^exponents] = c[0] h + c[1] h^2 + c[2] h^3 + O(h^4).
inline std::array<double, 3> moment_coefficients(const LocalFields& fields,
                                                 const Series::Exponents& exponents) {
  const Series first = fields.generator(Series::monomial(exponents));
  const Series second = fields.generator(first);
  const Series third = fields.generator(second);
  return {first.constant(), second.constant() / 2, third.constant() / 6};
}

/// The Stratonovich-Taylor scheme of strong order 1.5 from one point. Triple integrals of the noise
/// appear through their symmetric part only, which is exact for noise that commutes; on general
/// noise the scheme is of strong order 1.
class TaylorStep {
 public:
  using Vector = Eigen::VectorXd;
  using Areas = Eigen::MatrixXd;

  explicit TaylorStep(const LocalFields& fields)
      : noises_(static_cast<Eigen::Index>(fields.columns.size())),
        drift_(values(fields.drift)),
        drift_drift_(values(fields.along_drift(fields.drift))) {
    const std::size_t m = fields.columns.size();
    for (std::size_t k = 0; k < m; ++k) {
      g_.push_back(values(fields.columns[k]));
      noise_drift_.push_back(values(fields.along(k, fields.drift)));
      drift_noise_.push_back(values(fields.along_drift(fields.columns[k])));
      for (std::size_t j = 0; j < m; ++j) {
        const std::vector<Series> pair = fields.along(j, fields.columns[k]);
        pairs_.push_back(values(pair));
        for (std::size_t i = 0; i < m; ++i) triples_.push_back(values(fields.along(i, pair)));
      }
    }
  }

  /// X_h - x0. W, H: [M]; A: antisymmetric [M, M].
  Vector operator()(double h, const Vector& W, const Vector& H, const Areas& A) const {
    Vector x = h * drift_ + h * h / 2 * drift_drift_;
    std::size_t pair = 0, triple = 0;
    for (Eigen::Index k = 0; k < noises_; ++k) {
      const auto at = static_cast<std::size_t>(k);
      x += W[k] * g_[at] + h * (W[k] / 2 + H[k]) * noise_drift_[at] +
           h * (W[k] / 2 - H[k]) * drift_noise_[at];
      for (Eigen::Index j = 0; j < noises_; ++j) {
        x += (W[j] * W[k] / 2 + A(j, k)) * pairs_[pair++];
        for (Eigen::Index i = 0; i < noises_; ++i) {
          x += W[i] * W[j] * W[k] / 6 * triples_[triple++];
        }
      }
    }
    return x;
  }

  /// L^j g^k - L^k g^j, zero where the columns commute.
  Vector bracket(Eigen::Index j, Eigen::Index k) const {
    return pairs_[static_cast<std::size_t>(k * noises_ + j)] -
           pairs_[static_cast<std::size_t>(j * noises_ + k)];
  }

 private:
  static Vector values(const std::vector<Series>& field) {
    Vector result(static_cast<Eigen::Index>(field.size()));
    for (std::size_t i = 0; i < field.size(); ++i) {
      result[static_cast<Eigen::Index>(i)] = field[i].constant();
    }
    return result;
  }

  Eigen::Index noises_;
  Vector drift_, drift_drift_;
  std::vector<Vector> g_, noise_drift_, drift_noise_;  // [M]
  std::vector<Vector> pairs_;                          // L^j g^k, [k][j]
  std::vector<Vector> triples_;                        // L^i L^j g^k, [k][j][i]
};

}  // namespace stochflow::verify
