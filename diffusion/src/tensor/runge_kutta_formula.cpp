// Explicit pairs whose last stage is the first of the next step.

#include <ATen/ATen.h>

#include <limits>
#include <utility>

#include "batch_formula.hpp"

namespace stochflow::diffusion {
namespace {

class RungeKutta final : public BatchFormula {
 public:
  RungeKutta(const Tableau& method, AdaptiveBatch::Field field, const at::Tensor& like)
      : method_(method), field_(std::move(field)), dydt_(at::zeros_like(like)) {}

  Proposal propose(const at::Tensor& y,
                   const std::vector<double>& t,
                   const std::vector<double>& h) override {
    const at::Tensor h_column = detail::on_device_of(y, h).unsqueeze(1);
    std::vector<at::Tensor> k{dydt_};
    at::Tensor y_next;
    const auto weighed = [&](const std::array<double, max_stages>& weights) {
      at::Tensor sum = weights[0] * k[0];
      for (std::size_t j = 1; j < k.size(); ++j) {
        if (weights[j] != 0) sum = sum + weights[j] * k[j];
      }
      return h_column * sum;
    };
    for (std::size_t s = 1; s < method_.stages; ++s) {
      std::vector<double> stage_t(t.size());
      for (std::size_t i = 0; i < t.size(); ++i) stage_t[i] = t[i] + method_.c[s] * h[i];
      y_next = y + weighed(method_.a[s]);
      k.push_back(field_(y_next, detail::on_device_of(y, stage_t)));
    }
    last_ = k.back();
    return {y_next, weighed(method_.e)};
  }
  void keep(const std::vector<char>& taken) override {
    dydt_ = at::where(detail::mask_of(taken, dydt_), last_, dydt_);
  }
  void forget(std::size_t row) override { dydt_[static_cast<std::int64_t>(row)].zero_(); }

  std::int64_t evaluations_a_step() const override {
    return static_cast<std::int64_t>(method_.stages) - 1;
  }
  double error_order(std::size_t) const override { return method_.error_order + 1; }
  double most_growth() const override { return std::numeric_limits<double>::infinity(); }
  bool remembers() const override { return false; }

 private:
  Tableau method_;
  AdaptiveBatch::Field field_;
  at::Tensor dydt_;  // [B, N], where each row is
  at::Tensor last_;  // at the end of the proposal
};

}  // namespace

std::unique_ptr<BatchFormula> runge_kutta_formula(const Tableau& method,
                                                  AdaptiveBatch::Field field,
                                                  const at::Tensor& like) {
  return std::make_unique<RungeKutta>(method, std::move(field), like);
}

}  // namespace stochflow::diffusion
