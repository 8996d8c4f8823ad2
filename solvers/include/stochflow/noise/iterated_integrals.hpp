#pragma once

// The iterated integrals I_jk = int_0^h W^j dW^k that Milstein-type methods multiply with
// derivatives of the diffusion:
//
//   I_jk = 1/2 (W_j W_k - h delta_jk) + A_jk  in Itô's sense, without the h in Stratonovich's.
//
// From an Increment alone comes the symmetric part, which is all that commutative noise asks for;
// from an AreaIncrement the whole.

#include "stochflow/facts.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {

/// [M, M], symmetric; a number for one Brownian motion.
template <Calculus C, class V>
AreaOf<V> iterated_integrals(double h, const Increment<V>& dB) {
  const double half_h = C == Calculus::ito ? 0.5 * h : 0;
  if constexpr (is_number<V>) {
    return 0.5 * dB.W * dB.W - half_h;
  } else {
    AreaOf<V> I = 0.5 * dB.W.matrix() * dB.W.matrix().transpose();
    I.diagonal().array() -= half_h;
    return I;
  }
}

/// [M, M]: row j, column k holds int W^j dW^k.
template <Calculus C, class V>
AreaOf<V> iterated_integrals(double h, const AreaIncrement<V>& dB) {
  return iterated_integrals<C>(h, Increment<V>{dB.W}) + dB.A;
}

}  // namespace stochflow
