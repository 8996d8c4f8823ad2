// The GNU Scientific Library: Dormand and Prince 8(7) where nothing is stiff, BDF with the exact
// Jacobian elsewhere; one driver for all trajectories, reset for each.

#include "question.hpp"

#if defined(STOCHFLOW_GSL)

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

#include <algorithm>

namespace ode_ensembles {
namespace {

struct Problem {
  Question question;
  double parameter;
  double evaluations;
};

int field(double, const double x[], double f[], void* data) {
  auto& problem = *static_cast<Problem*>(data);
  const double p = problem.parameter;
  ++problem.evaluations;
  switch (problem.question) {
    case Question::lorenz:
      f[0] = 10 * (x[1] - x[0]);
      f[1] = x[0] * (28 - x[2]) - x[1];
      f[2] = x[0] * x[1] - 8.0 / 3 * x[2];
      break;
    case Question::van_der_pol:
      f[0] = x[1];
      f[1] = p * ((1 - x[0] * x[0]) * x[1]) - x[0];
      break;
    case Question::robertson:
      f[0] = 1e4 * x[1] * x[2] - p * x[0];
      f[2] = 3e7 * x[1] * x[1];
      f[1] = -f[0] - f[2];
      break;
  }
  return GSL_SUCCESS;
}

int jacobian(double, const double x[], double* J, double f_t[], void* data) {
  const auto& problem = *static_cast<Problem*>(data);
  const double p = problem.parameter;
  std::fill(f_t, f_t + components(problem.question), 0.0);
  if (problem.question == Question::van_der_pol) {
    J[0] = 0;
    J[1] = 1;
    J[2] = -2 * p * x[0] * x[1] - 1;
    J[3] = p * (1 - x[0] * x[0]);
  } else {
    J[0] = -p;
    J[1] = 1e4 * x[2];
    J[2] = 1e4 * x[1];
    J[3] = p;
    J[4] = -1e4 * x[2] - 6e7 * x[1];
    J[5] = -1e4 * x[1];
    J[6] = 0;
    J[7] = 6e7 * x[1];
    J[8] = 0;
  }
  return GSL_SUCCESS;
}

Answer solve(Question q, const gsl_odeiv2_step_type* type) {
  Problem problem{q, 0, 0};
  const std::size_t n = components(q);
  gsl_odeiv2_system system{field, jacobian, n, &problem};
  gsl_odeiv2_driver* driver = gsl_odeiv2_driver_alloc_y_new(&system, type, 1e-6, atol(q), rtol(q));
  Answer answer;
  for (std::size_t k = 0; k < trajectories(q); ++k) {
    problem.parameter = parameter(q, k);
    auto x = start(q, k);
    double t = 0;
    gsl_odeiv2_driver_reset_hstart(driver, 1e-6);
    if (gsl_odeiv2_driver_apply(driver, &t, end(q), x.data()) != GSL_SUCCESS) {
      gsl_odeiv2_driver_free(driver);
      return {};
    }
    answer.x.insert(answer.x.end(), x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n));
  }
  gsl_odeiv2_driver_free(driver);
  answer.evaluations = problem.evaluations / static_cast<double>(trajectories(q));
  return answer;
}

}  // namespace

Answer gsl_rk8pd(Question q, bool) {
  return q == Question::lorenz ? solve(q, gsl_odeiv2_step_rk8pd) : Answer{};
}
Answer gsl_msbdf(Question q, bool) {
  return q == Question::lorenz ? Answer{} : solve(q, gsl_odeiv2_step_msbdf);
}

}  // namespace ode_ensembles

#else

namespace ode_ensembles {
Answer gsl_rk8pd(Question, bool) { return {}; }
Answer gsl_msbdf(Question, bool) { return {}; }
}  // namespace ode_ensembles

#endif
