#include "stochflow/diffusion/tensor/adaptive_batch.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "batch_formula.hpp"

namespace stochflow::diffusion {
std::string_view name(const BatchMethod& method) {
  return std::visit([](const auto& m) { return m.name; }, method);
}

AdaptiveBatch::AdaptiveBatch(const BatchMethod& method,
                             Field field,
                             ErrorNorm error_norm,
                             double t0,
                             double t1,
                             std::int64_t rows,
                             std::int64_t size,
                             const at::TensorOptions& options,
                             const StepControl& control)
    : error_norm_(std::move(error_norm)),
      t0_(t0),
      t1_(t1),
      control_(control),
      rows_(static_cast<std::size_t>(rows)),
      progress_(static_cast<std::size_t>(rows)),
      accepted_(static_cast<std::size_t>(rows)),
      y_(at::zeros({rows, size}, options)) {
  if (rows < 1 || size < 1 || !std::isfinite(t0) || !std::isfinite(t1) || t0 == t1) {
    throw std::invalid_argument(
        "AdaptiveBatch: expected at least one row, one number a row, and two different finite "
        "times");
  }
  if (const auto* const adams = std::get_if<Adams>(&method)) {
    formula_ = adams_formula(*adams, std::move(field), y_);
  } else {
    formula_ = runge_kutta_formula(std::get<Tableau>(method), std::move(field), y_);
  }
}

AdaptiveBatch::~AdaptiveBatch() = default;

void AdaptiveBatch::set_stops(std::vector<double> stops) {
  const double direction = t1_ > t0_ ? 1 : -1;
  double before = t0_;
  for (const double stop : stops) {
    if (!(direction * (stop - before) > 0 && direction * (t1_ - stop) > 0)) {
      throw std::invalid_argument(
          "AdaptiveBatch: expected stops strictly between the ends, in the order of travel, "
          "found " +
          std::to_string(stop));
    }
    before = stop;
  }
  stops_ = std::move(stops);
}

double AdaptiveBatch::next_stop(double t) const {
  const double direction = t1_ > t0_ ? 1 : -1;
  for (const double stop : stops_) {
    if (direction * (stop - t) > 0) return stop;
  }
  return t1_;
}

void AdaptiveBatch::load(std::int64_t row, const at::Tensor& y0) {
  const auto i = static_cast<std::size_t>(row);
  y_[row].copy_(y0);
  formula_->forget(i);
  rows_[i] = {.busy = true, .outcome = {.status = Status::ok, .t = t0_, .step = 0}};
  progress_[i] = {.t = t0_};
}

bool AdaptiveBatch::any_busy() const {
  return std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.busy; });
}

at::Tensor AdaptiveBatch::state(std::int64_t row) const { return y_[row].clone(); }

void AdaptiveBatch::step() {
  const std::size_t B = rows_.size();
  std::vector<double> h(B), t(B);
  for (std::size_t i = 0; i < B; ++i) {
    t[i] = progress_[i].t;
    if (!rows_[i].busy) continue;
    const double remaining = next_stop(t[i]) - t[i];
    // A remainder of rounding size is merged into the step before it.
    const bool last = std::abs(progress_[i].h) >= std::abs(remaining) * (1 - 1e-10);
    h[i] = last ? remaining : progress_[i].h;
    // On the way to a stop, equal steps: a short one before it would be wasted.
    if (!last && !stops_.empty() && h[i] != 0) h[i] = remaining / std::ceil(remaining / h[i]);
  }
  const BatchFormula::Proposal proposal = formula_->propose(y_, t, h);
  const at::Tensor errors =
      error_norm_(y_, proposal.y, proposal.error).to(at::kCPU, at::kDouble).contiguous();
  for (std::size_t i = 0; i < B; ++i) {
    accepted_[i] = 0;
    if (rows_[i].busy) settle(i, h[i], errors.data_ptr<double>()[i]);
  }
  y_ = at::where(detail::mask_of(accepted_, y_), proposal.y, y_);
  formula_->keep(accepted_);
  for (std::size_t i = 0; i < B; ++i) {
    if (!accepted_[i] || !rows_[i].busy || h[i] == 0 || !formula_->remembers()) continue;
    if (std::find(stops_.begin(), stops_.end(), progress_[i].t) == stops_.end()) continue;
    formula_->forget(i);
    progress_[i] = {.t = progress_[i].t};
  }
}

void AdaptiveBatch::settle(std::size_t i, double taken, double error) {
  Row& row = rows_[i];
  Progress& progress = progress_[i];
  const auto stop = [&](Status status) {
    row.busy = false;
    row.outcome.status = status;
  };
  if (progress.h == 0) {  // the evaluation at (y0, t0), or behind a stop
    ++row.evaluations;
    if (!std::isfinite(error)) return stop(Status::not_finite);
    const bool again = row.outcome.step > 0;
    progress.h = (again ? control_.restart : control_.first_step) * (t1_ - t0_);
    accepted_[i] = 1;
    return;
  }
  row.evaluations += formula_->evaluations_a_step();
  const double p = formula_->error_order(i);
  if (error <= 1) {
    accepted_[i] = 1;
    const double goal = next_stop(progress.t);
    const bool arrives = taken == goal - progress.t;
    progress.t = arrives ? goal : progress.t + taken;
    row.outcome.t = progress.t;
    ++row.outcome.step;
    if (progress.t == t1_) return stop(Status::ok);
    const double e = std::max(error, 1e-10);
    const double factor =
        control_.safety * std::pow(e, -0.7 / p) * std::pow(progress.last_error, 0.4 / p);
    progress.last_error = std::max(error, 1e-4);
    progress.h =
        taken *
        std::clamp(factor, control_.shrink, std::min(control_.grow, formula_->most_growth()));
  } else {
    ++row.rejected;
    const double factor = std::isfinite(error) ? control_.safety * std::pow(error, -1 / p) : 0;
    progress.h = taken * std::clamp(factor, control_.shrink, 0.95);
    if (progress.t + progress.h == progress.t) return stop(Status::step_underflow);
  }
  if (row.outcome.step + row.rejected >= control_.max_steps) stop(Status::max_steps);
}

}  // namespace stochflow::diffusion
