// Boost.Odeint's controlled steppers on std::array, as its tutorial has them. To count evaluations
// costs a fifth of the time, so that is done in a run of its own.

#include <array>
#include <boost/numeric/odeint/integrate/integrate_adaptive.hpp>
#include <boost/numeric/odeint/stepper/generation/generation_controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/generation/generation_runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/stepper/generation/generation_runge_kutta_fehlberg78.hpp>
#include <boost/numeric/odeint/stepper/generation/make_controlled.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>

#include "question.hpp"

namespace ode_ensembles {
namespace {

using X = std::array<double, 3>;

template <bool count, class Stepper>
Answer solve(Question q) {
  if (q != Question::lorenz) return {};
  Answer answer;
  answer.x.reserve(3 * trajectories(q));
  std::size_t evaluations = 0;
  const auto field = [&](const X& x, X& f, double) {
    if constexpr (count) ++evaluations;
    f = {10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3 * x[2]};
  };
  for (std::size_t k = 0; k < trajectories(q); ++k) {
    X x = start(q, k);
    boost::numeric::odeint::integrate_adaptive(
        boost::numeric::odeint::make_controlled(atol(q), rtol(q), Stepper()),
        field,
        x,
        0.0,
        end(q),
        1e-3);
    answer.x.insert(answer.x.end(), x.begin(), x.end());
  }
  answer.evaluations = static_cast<double>(evaluations) / static_cast<double>(trajectories(q));
  return answer;
}

template <class Stepper>
Answer solve(Question q, bool count) {
  return count ? solve<true, Stepper>(q) : solve<false, Stepper>(q);
}

}  // namespace

Answer odeint_dopri5(Question q, bool count) {
  return solve<boost::numeric::odeint::runge_kutta_dopri5<X>>(q, count);
}
Answer odeint_fehlberg78(Question q, bool count) {
  return solve<boost::numeric::odeint::runge_kutta_fehlberg78<X>>(q, count);
}

}  // namespace ode_ensembles
