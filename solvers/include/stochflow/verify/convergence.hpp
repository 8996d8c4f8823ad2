#pragma once

// Strong and weak orders measured by Monte Carlo, for people to look at: `measure(problem,
// method)`. Errors at several step sizes (method_errors.hpp), orders with intervals fitted to them
// (order_fit.hpp).

#include <utility>
#include <vector>

#include "stochflow/verify/method_errors.hpp"
#include "stochflow/verify/order_fit.hpp"

namespace stochflow::verify {

struct ConvergenceRow : MethodErrors {
  OrderFit strong, weak;

  /// Whether a measured order falls short of its claim. A higher order than claimed is no
  /// contradiction: many methods gain on equations as simple as those with known solutions.
  bool contradicts_claim() const {
    return (strong_claimed > 0 && strong.falls_short_of(strong_claimed)) ||
           (weak_claimed > 0 && weak.falls_short_of(weak_claimed));
  }
};

/// The orders, each with its interval at `confidence`.
inline ConvergenceRow fit_orders(MethodErrors errors, double confidence) {
  ConvergenceRow row{std::move(errors), {}, {}};
  if (row.strong_claimed > 0) {
    row.strong = fit_order(row.strong_errors, confidence, Deviation::half_powers);
  }
  row.weak = fit_order(row.weak_errors, confidence);
  return row;
}

/// Measures both orders of `method` on a test problem (see problems.hpp).
template <class P, class M>
ConvergenceRow measure(const P& problem, const M& method, const ConvergenceOptions& options = {}) {
  const std::vector one{candidate(problem, method)};
  return fit_orders(measure_errors(problem, one, options).front(), options.confidence);
}

}  // namespace stochflow::verify
