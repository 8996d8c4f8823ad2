#pragma once

// Many independent initial-value problems dy/dt = f(y, t) side by side, each with its own time and
// step size: rows of one tensor, so that the field is evaluated for all of them at once, and no
// row's steps depend on its neighbours. A row that has arrived can be given the next problem while
// the others go on, which keeps the batch full and its shape fixed. Use it where f is a network;
// for a single system, or one step size for all, take `solve_ode`.
//
// The host decides about steps, so it reads [B] error norms once a step.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "stochflow/diffusion/tensor/adams.hpp"
#include "stochflow/diffusion/tensor/tableau.hpp"
#include "stochflow/status.hpp"

namespace stochflow::diffusion {

struct StepControl {
  double first_step = 0.01;        // as a part of the interval
  double restart = 0.004;          // likewise, where Adams starts again behind a stop
  double safety = 0.9;             // h <- h safety E^-(0.7/p) E_last^(0.4/p): the PI controller of
  double shrink = 0.2;             // Hairer and Wanner 1996, section IV.2, with these bounds
  double grow = 5;                 // on the factor; 2 at most for Adams
  std::int64_t max_steps = 10000;  // accepted and rejected
};

/// How a step is made: an explicit Runge-Kutta pair, or one evaluation a step and a memory.
using BatchMethod = std::variant<Tableau, Adams>;
std::string_view name(const BatchMethod& method);

class BatchFormula;

class AdaptiveBatch {
 public:
  /// y [B, N], t [B] in float64 -> dy/dt [B, N].
  using Field = std::function<at::Tensor(const at::Tensor& y, const at::Tensor& t)>;
  /// Error of a step in units of what is allowed, [B]; a row's step is accepted when it is <= 1.
  using ErrorNorm = std::function<at::Tensor(
      const at::Tensor& y, const at::Tensor& y_next, const at::Tensor& error)>;

  struct Row {
    bool busy = false;  // on its way from t0 to t1
    Outcome outcome;    // of the last problem: time reached, steps accepted
    std::int64_t evaluations = 0;
    std::int64_t rejected = 0;
  };

  /// Room for `rows` problems of `size` numbers, all from t0 to t1 (either may be the larger).
  AdaptiveBatch(const BatchMethod& method,
                Field field,
                ErrorNorm error_norm,
                double t0,
                double t1,
                std::int64_t rows,
                std::int64_t size,
                const at::TensorOptions& options,
                const StepControl& control = {});
  ~AdaptiveBatch();

  /// Times between t0 and t1, in the order of travel, at which steps have to end: where the field
  /// jumps. Of a Runge-Kutta pair, the last stage of a step that ends there is the first of the
  /// next one, so it has to be evaluated after the jump; it has no weight in the step itself but in
  /// the estimate of its error. Adams evaluates at the end of the step before the jump, which is
  /// when row(i).outcome.t gets there, then forgets and starts again. Throws std::invalid_argument
  /// for other times.
  void set_stops(std::vector<double> stops);

  /// Puts a new problem into a row: y0 [N].
  void load(std::int64_t row, const at::Tensor& y0);

  /// One attempted step of every busy row. A new row spends its first on evaluating f(y0, t0).
  void step();

  const Row& row(std::int64_t i) const { return rows_[static_cast<std::size_t>(i)]; }
  bool any_busy() const;
  at::Tensor state(std::int64_t row) const;  // [N]

 private:
  struct Progress {
    double t = 0;
    double h = 0;  // wanted next, signed; 0: the slope is not known
    double last_error = 1;
  };

  double next_stop(double t) const;
  void settle(std::size_t i, double taken, double error);

  std::unique_ptr<BatchFormula> formula_;
  ErrorNorm error_norm_;
  double t0_, t1_;
  std::vector<double> stops_;
  StepControl control_;
  std::vector<Row> rows_;
  std::vector<Progress> progress_;
  std::vector<char> accepted_;
  at::Tensor y_;  // [B, N]
};

}  // namespace stochflow::diffusion
