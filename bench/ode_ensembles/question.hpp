#pragma once

// The question: what does it cost to solve many small initial-value problems, each with its own
// adaptive steps? Every competitor solves `trajectories(question)` of them and returns the states
// at the end.
//   lorenz       s = 10, r = 28, b = 8/3, 10,000 starts around the attractor,
//                t = 10, rtol = atol = 1e-8
//   van_der_pol  x'' = mu (1 - x^2) x' - x from (2, 0), 512 values of mu from 1000,
//                t = 2000, rtol = 1e-6, atol = 1e-10: stiff
//   robertson    three reactions, 512 values of the first rate from 0.04,
//                t = 1e5, rtol = 1e-6, atol = 1e-10: stiff
// Before any time is taken the answers are compared with a run at tolerances that are 1e5 times as
// tight, itself compared with a published value or with another library's.

#include <array>
#include <cstddef>
#include <vector>

namespace ode_ensembles {

enum class Question { lorenz, van_der_pol, robertson };

struct Answer {
  std::vector<double> x;   // [trajectories][components]; empty: does not take part
  double evaluations = 0;  // of the field, a trajectory; 0: not counted
};
/// `count`: the evaluations are wanted, and the time does not matter.
using Competitor = Answer (*)(Question, bool count);

inline std::size_t trajectories(Question q) { return q == Question::lorenz ? 10000 : 512; }
inline std::size_t components(Question q) { return q == Question::van_der_pol ? 2 : 3; }
inline double end(Question q) {
  return q == Question::lorenz ? 10 : q == Question::van_der_pol ? 2000 : 1e5;
}
inline double rtol(Question q) { return q == Question::lorenz ? 1e-8 : 1e-6; }
inline double atol(Question q) { return q == Question::lorenz ? 1e-8 : 1e-10; }

/// The first components(q) of it.
inline std::array<double, 3> start(Question q, std::size_t k) {
  if (q == Question::van_der_pol) return {2, 0, 0};
  if (q == Question::robertson) return {1, 0, 0};
  return {-10 + 0.2 * static_cast<double>(k % 100), -10 + 0.2 * static_cast<double>(k / 100), 25};
}
/// mu, or the first rate; not used by lorenz.
inline double parameter(Question q, std::size_t k) {
  return (q == Question::van_der_pol ? 1000 : 0.04) * (1 + 1e-4 * static_cast<double>(k));
}

Answer reference(Question);  // by this library, at tight tolerances
Answer stochflow_dopri5(Question, bool count);
Answer stochflow_dopri5_two_threads(Question, bool count);
Answer stochflow_tsit5(Question, bool count);
Answer stochflow_dop853(Question, bool count);
Answer stochflow_rodas4(Question, bool count);
Answer stochflow_rodas4_two_threads(Question, bool count);
Answer stochflow_one_by_one(Question, bool count);
Answer odeint_dopri5(Question, bool count);
Answer odeint_fehlberg78(Question, bool count);
Answer gsl_rk8pd(Question, bool count);
Answer gsl_msbdf(Question, bool count);
Answer cvode_bdf(Question, bool count);

}  // namespace ode_ensembles
