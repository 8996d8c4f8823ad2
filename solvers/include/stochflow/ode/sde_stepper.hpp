#pragma once

// Any SDE method of this library as a model of Boost.Odeint's Stepper concept, for programs that
// are built on odeint's integrate_const, integrate_n_steps, iterators or observers. The noise
// advances by one increment a step, so use it with odeint's fixed-step routines only; `solve` has
// the clearer contract (odeint's integrate_const may stop short of the end time).
//
//   integrate_const(odeint_stepper(Milstein{}, problem, x0, 0.0, {.seed = 1}), std::cref(problem),
//                   x, 0.0, 1.0, 0.01, observer);

#include <boost/numeric/odeint/stepper/stepper_categories.hpp>
#include <boost/numeric/odeint/util/unwrap_reference.hpp>
#include <cstdint>
#include <utility>

#include "stochflow/solve.hpp"

namespace stochflow {

template <class M, class X, class Path, class Memory = NoMemory>
class OdeintSdeStepper {
 public:
  using state_type = X;
  using deriv_type = X;
  using value_type = double;
  using time_type = double;
  using order_type = unsigned short;
  using stepper_category = boost::numeric::odeint::stepper_tag;

  OdeintSdeStepper(M method, Path path, Memory memory = {})
      : method_(std::move(method)), path_(std::move(path)), memory_(std::move(memory)) {}

  static order_type order() { return 1; }

  /// Advances x from t to t + h along the next increment of the path.
  template <class System>
  void do_step(const System& system, X& x, double t, double h) {
    using P = typename boost::numeric::odeint::unwrap_reference<System>::type;
    detail::require_compatible<P, M>();
    const P& problem = system;
    const auto dB = detail::increment_for<M, P>(path_, Step{next_++, t, h});
    x = detail::step_with(method_, problem, x, t, h, dB, memory_);
  }

 private:
  M method_;
  Path path_;
  Memory memory_;  // of methods that have one: the steps must follow each other
  std::int64_t next_ = 0;
};

template <class M, class P, class X>
auto odeint_stepper(M method, const P& problem, const X& x0, double t0, PathId id) {
  auto path = brownian_path(problem, x0, t0, id.seed, id.trajectory);
  auto memory = detail::start_memory(method, problem, x0, t0);
  return OdeintSdeStepper<M, X, decltype(path), decltype(memory)>(
      std::move(method), std::move(path), std::move(memory));
}

}  // namespace stochflow
