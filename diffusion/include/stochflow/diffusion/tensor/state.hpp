#pragma once

// What the solvers and Boost.Odeint must know about tensors as states. Include it wherever `solve`
// or `solve_ode` runs on at::Tensor. A tensor is a handle: library code never changes one that it
// did not create, and odeint, which copies states by assignment, is told to clone.

#include <ATen/ATen.h>

#include <boost/numeric/odeint/util/copy.hpp>

#include "stochflow/ode/algebra.hpp"
#include "stochflow/state.hpp"

namespace stochflow {

template <>
struct StateTraits<at::Tensor> {
  /// Reading the answer waits for the device, so a run looks at its last state only.
  static constexpr bool check_each_step = false;
  /// Tensors without numbers (the meta device) pass.
  static bool all_finite(const at::Tensor& x) {
    return x.is_meta() || at::isfinite(x).all().item<bool>();
  }
};

/// Tensors under odeint's steppers: whole-tensor arithmetic, largest magnitude as norm. The norm is
/// read by the host once a step, which adaptive step sizes cannot do without.
template <>
struct OdeintAlgebra<at::Tensor> : boost::numeric::odeint::vector_space_algebra {
  static double norm_inf(const at::Tensor& x) {
    return x.numel() == 0 ? 0.0 : x.abs().max().item<double>();
  }
};

}  // namespace stochflow

namespace boost::numeric::odeint {

template <>
struct copy_impl<at::Tensor, at::Tensor> {
  static void copy(const at::Tensor& from, at::Tensor& to) { to = from.clone(); }
};

}  // namespace boost::numeric::odeint
