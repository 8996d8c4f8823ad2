#pragma once

// Reversible Heun: a Stratonovich method that can be run backwards along the same path and finds
// its way to the rounding of the start, in one evaluation of each coefficient a step. It carries a
// second state z, near x, and the coefficients there:
//
//   z' = 2 x - z + h f + g W,   f' = f(z', t + h),   g' = g(z', t + h)
//   x' = x + h/2 (f + f') + 1/2 (g + g') W
//
// The inverse is the same step with h and W of the opposite sign. Take it to integrate backwards
// what was integrated forwards (adjoint gradients without stored states); otherwise Heun, which is
// stable for larger steps: a linear equation x' = -a x grows z - x slowly at any step size.
// Source: Kidger, Foster, Li and Lyons, arXiv 2105.13493, algorithms 1 and 2.

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct ReversibleHeun {
  static constexpr MethodFacts facts{
      .name = "ReversibleHeun",
      .reference = "Kidger, Foster, Li and Lyons 2021, algorithm 1",
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  template <class X, class G>
  struct Memory {
    X z, f;
    G g;

    template <class Visit>
    void each(const Visit& visit) {
      visit(z);
      visit(f);
      visit(g);
    }
  };

  template <class P, class X>
  auto start(const P& sde, const X& x, double t) const {
    using G = std::decay_t<decltype(detail::plain(sde.diffusion(x, t)))>;
    return Memory<X, G>{x, X(sde.drift(x, t)), G(sde.diffusion(x, t))};
  }

  template <class P, class X, class G, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB, Memory<X, G>& memory)
      const {
    return step_with_error(sde, x, t, h, dB, memory).x;
  }
  /// One step from z = x: Heun's, with two evaluations of each coefficient.
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    auto memory = start(sde, x, t);
    return step(sde, x, t, h, dB, memory);
  }

  /// The estimate is the difference to Euler's rule.
  template <class P, class X, class G, class V>
  StepWithError<X> step_with_error(const P& sde,
                                   const X& x,
                                   double t,
                                   double h,
                                   const Increment<V>& dB,
                                   Memory<X, G>& memory) const {
    auto& [z, f, g] = memory;
    const X gW = product(g, dB.W);
    z = X(2.0 * x - z + h * f + gW);
    const X f_next = sde.drift(z, t + h);
    g = G(sde.diffusion(z, t + h));
    const X gW_next = product(g, dB.W);
    const X next = x + (0.5 * h) * (f + f_next) + 0.5 * (gW + gW_next);
    const X error = (0.5 * h) * (f_next - f) + 0.5 * (gW_next - gW);
    f = f_next;
    return {next, error};
  }
};

}  // namespace stochflow
