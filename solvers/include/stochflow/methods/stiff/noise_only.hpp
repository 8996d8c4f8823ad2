#pragma once

// A problem without its drift: lets a method treat the drift in its own way and leave the noise to
// another (Milstein's correction for the implicit and tamed methods).

#include "stochflow/sde.hpp"

namespace stochflow::detail {

template <class P>
struct NoiseOnly {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;

  const P& problem;

  template <class X>
  X drift(const X& x, double) const {
    return X(x * 0.0);
  }
  template <class X>
  requires requires(const P& p, const X& x) { p.diffusion(x, 0.0); }
  auto diffusion(const X& x, double t) const { return problem.diffusion(x, t); }
  template <class X>
  requires requires(const P& p, const X& x) { p.diffusion_derivative(x, 0.0); }
  auto diffusion_derivative(const X& x, double t) const {
    return problem.diffusion_derivative(x, t);
  }
  template <class X, class W>
  requires requires(const P& p, const X& x, const W& dW) { p.noise_term(x, 0.0, dW); }
  X noise_term(const X& x, double t, const W& dW) const { return problem.noise_term(x, t, dW); }
};

}  // namespace stochflow::detail
