// CVODE of SUNDIALS: BDF with Newton's iteration, a dense matrix and the exact Jacobian; one solver
// for all trajectories, reinitialised for each.

#include "question.hpp"

#if defined(STOCHFLOW_SUNDIALS)

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

namespace ode_ensembles {
namespace {

struct Problem {
  Question question;
  double parameter;
};

int field(realtype, N_Vector state, N_Vector slope, void* data) {
  const auto& problem = *static_cast<Problem*>(data);
  const double* x = N_VGetArrayPointer(state);
  double* f = N_VGetArrayPointer(slope);
  const double p = problem.parameter;
  if (problem.question == Question::van_der_pol) {
    f[0] = x[1];
    f[1] = p * ((1 - x[0] * x[0]) * x[1]) - x[0];
  } else {
    f[0] = 1e4 * x[1] * x[2] - p * x[0];
    f[2] = 3e7 * x[1] * x[1];
    f[1] = -f[0] - f[2];
  }
  return 0;
}

int jacobian(realtype,
             N_Vector state,
             N_Vector,
             SUNMatrix matrix,
             void* data,
             N_Vector,
             N_Vector,
             N_Vector) {
  const auto& problem = *static_cast<Problem*>(data);
  const double* x = N_VGetArrayPointer(state);
  double* J = SUNDenseMatrix_Data(matrix);  // column by column
  const double p = problem.parameter;
  if (problem.question == Question::van_der_pol) {
    J[0] = 0;
    J[1] = -2 * p * x[0] * x[1] - 1;
    J[2] = 1;
    J[3] = p * (1 - x[0] * x[0]);
  } else {
    J[0] = -p;
    J[1] = p;
    J[2] = 0;
    J[3] = 1e4 * x[2];
    J[4] = -1e4 * x[2] - 6e7 * x[1];
    J[5] = 6e7 * x[1];
    J[6] = 1e4 * x[1];
    J[7] = -1e4 * x[1];
    J[8] = 0;
  }
  return 0;
}

}  // namespace

Answer cvode_bdf(Question q, bool) {
  if (q == Question::lorenz) return {};
  const auto n = static_cast<sunindextype>(components(q));
  SUNContext context = nullptr;
  SUNContext_Create(nullptr, &context);
  N_Vector x = N_VNew_Serial(n, context);
  SUNMatrix matrix = SUNDenseMatrix(n, n, context);
  SUNLinearSolver linear = SUNLinSol_Dense(x, matrix, context);
  void* solver = CVodeCreate(CV_BDF, context);
  Problem problem{q, 0};
  bool fine = CVodeInit(solver, field, 0, x) == CV_SUCCESS &&
              CVodeSStolerances(solver, rtol(q), atol(q)) == CV_SUCCESS &&
              CVodeSetUserData(solver, &problem) == CV_SUCCESS &&
              CVodeSetLinearSolver(solver, linear, matrix) == CV_SUCCESS &&
              CVodeSetJacFn(solver, jacobian) == CV_SUCCESS &&
              CVodeSetMaxNumSteps(solver, 1000000) == CV_SUCCESS;
  Answer answer;
  double evaluations = 0;
  for (std::size_t k = 0; fine && k < trajectories(q); ++k) {
    problem.parameter = parameter(q, k);
    const auto x0 = start(q, k);
    double* at = N_VGetArrayPointer(x);
    for (std::size_t i = 0; i < components(q); ++i) at[i] = x0[i];
    double t = 0;
    long count = 0;
    fine = CVodeReInit(solver, 0, x) == CV_SUCCESS &&
           CVodeSetStopTime(solver, end(q)) == CV_SUCCESS &&
           CVode(solver, end(q), x, &t, CV_NORMAL) >= 0 &&
           CVodeGetNumRhsEvals(solver, &count) == CV_SUCCESS;
    answer.x.insert(answer.x.end(), at, at + components(q));
    evaluations += static_cast<double>(count);
  }
  answer.evaluations = evaluations / static_cast<double>(trajectories(q));
  CVodeFree(&solver);
  SUNLinSolFree(linear);
  SUNMatDestroy(matrix);
  N_VDestroy(x);
  SUNContext_Free(&context);
  return fine ? answer : Answer{};
}

}  // namespace ode_ensembles

#else

namespace ode_ensembles {
Answer cvode_bdf(Question, bool) { return {}; }
}  // namespace ode_ensembles

#endif
