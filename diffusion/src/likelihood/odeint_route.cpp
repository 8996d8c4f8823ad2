#include "odeint_route.hpp"

#include <ATen/ATen.h>

#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>

#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow::diffusion {
namespace {

/// Odeint's place for an error norm of one's own: the worst row decides.
class ErrorChecker {
 public:
  using value_type = double;
  using algebra_type = OdeintAlgebra<at::Tensor>;
  using operations_type = boost::numeric::odeint::default_operations;

  explicit ErrorChecker(const LikelihoodTolerance& tolerance) : tolerance_(tolerance) {}

  template <class Algebra>
  double error(Algebra&,
               const at::Tensor& x_old,
               const at::Tensor& slope,
               const at::Tensor& x_err,
               double dt) const {
    const std::int64_t level = x_old.size(1) - 1;
    const at::Tensor gamma = x_old.select(1, level) + dt * slope.select(1, level);
    return likelihood_error(x_err, gamma, tolerance_).max().item<double>();
  }

 private:
  LikelihoodTolerance tolerance_;
};

}  // namespace

OdeintLikelihood integrate_with_odeint(const LikelihoodFlow& flow,
                                       const at::Tensor& states,
                                       const FlowClock& clock,
                                       const LikelihoodOptions& options) {
  using Stepper = Dopri5::stepper<at::Tensor>;
  const boost::numeric::odeint::controlled_runge_kutta<Stepper, ErrorChecker> stepper(
      ErrorChecker(options.tolerance));
  const auto field = [&](const at::Tensor& y, double c) {
    return clock.slope(flow, y, at::full({y.size(0)}, c, at::kDouble));
  };
  const auto run = integrate_controlled(
      field,
      stepper,
      states,
      clock.start(),
      clock.end(),
      {.first_step = options.control.first_step * (clock.end() - clock.start()),
       .max_steps = options.control.max_steps});
  return {run.x, run.evaluations, run.rejected_steps, run.outcome};
}

}  // namespace stochflow::diffusion
