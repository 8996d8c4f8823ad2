#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "batch_formula.hpp"

namespace stochflow::diffusion {
namespace {

/// w with sum_j w_j p(nodes_j) = int_0^h p for every polynomial p of a degree below the number of
/// nodes.
std::vector<double> interpolatory_weights(const std::vector<double>& nodes, double h) {
  // Four points of Gauss: exact up to degree 7.
  constexpr std::array<double, 4> point{
      -0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526};
  constexpr std::array<double, 4> weight{
      0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538};
  std::vector<double> w(nodes.size(), 0.0);
  for (std::size_t q = 0; q < point.size(); ++q) {
    const double x = 0.5 * h * (1 + point[q]);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      double basis = 1;
      for (std::size_t j = 0; j < nodes.size(); ++j) {
        if (j != i) basis *= (x - nodes[j]) / (nodes[i] - nodes[j]);
      }
      w[i] += 0.5 * h * weight[q] * basis;
    }
  }
  return w;
}

class AdamsFormula final : public BatchFormula {
 public:
  AdamsFormula(const Adams& method, AdaptiveBatch::Field field, const at::Tensor& like)
      : order_(static_cast<std::size_t>(method.order)),
        field_(std::move(field)),
        slopes_(order_, at::zeros_like(like)),
        times_(static_cast<std::size_t>(like.size(0))) {}

  Proposal propose(const at::Tensor& y,
                   const std::vector<double>& t,
                   const std::vector<double>& h) override {
    const std::size_t B = t.size();
    // Weights of each row's remembered slopes, the last first; those it does not have weigh zero.
    std::vector<std::vector<double>> predict(order_, std::vector<double>(B)), correct = predict;
    std::vector<double> fresh(B), t_next(B);
    for (std::size_t i = 0; i < B; ++i) {
      t_next[i] = t[i] + h[i];
      if (h[i] == 0) continue;
      std::vector<double> nodes;
      for (const double time : times_[i]) nodes.push_back(time - t[i]);
      const std::vector<double> w = interpolatory_weights(nodes, h[i]);
      for (std::size_t j = 0; j < w.size(); ++j) predict[j][i] = w[j];
      nodes.push_back(h[i]);
      const std::vector<double> v = interpolatory_weights(nodes, h[i]);
      for (std::size_t j = 0; j + 1 < v.size(); ++j) correct[j][i] = v[j];
      fresh[i] = v.back();
    }
    const auto column = [&](const std::vector<double>& values) {
      return detail::on_device_of(y, values).unsqueeze(1);
    };
    const auto remembered = [&](const std::vector<std::vector<double>>& weights) {
      at::Tensor sum = column(weights[0]) * slopes_[0];
      for (std::size_t j = 1; j < order_; ++j) sum = sum + column(weights[j]) * slopes_[j];
      return sum;
    };
    const at::Tensor predicted = y + remembered(predict);
    slope_ = field_(predicted, detail::on_device_of(y, t_next));
    next_times_ = t_next;
    const at::Tensor corrected = y + remembered(correct) + column(fresh) * slope_;
    return {corrected, corrected - predicted};
  }

  void keep(const std::vector<char>& taken) override {
    const at::Tensor mask = detail::mask_of(taken, slope_);
    for (std::size_t j = order_ - 1; j > 0; --j) {
      slopes_[j] = at::where(mask, slopes_[j - 1], slopes_[j]);
    }
    slopes_[0] = at::where(mask, slope_, slopes_[0]);
    for (std::size_t i = 0; i < taken.size(); ++i) {
      if (!taken[i]) continue;
      times_[i].insert(times_[i].begin(), next_times_[i]);
      if (times_[i].size() > order_) times_[i].pop_back();
    }
  }
  void forget(std::size_t row) override {
    times_[row].clear();
    for (at::Tensor& slope : slopes_) slope[static_cast<std::int64_t>(row)].zero_();
  }

  std::int64_t evaluations_a_step() const override { return 1; }
  double error_order(std::size_t row) const override {
    return static_cast<double>(times_[row].size()) + 1;
  }
  double most_growth() const override { return 2; }  // beyond, the memory amplifies errors
  bool remembers() const override { return true; }

 private:
  std::size_t order_;
  AdaptiveBatch::Field field_;
  std::vector<at::Tensor> slopes_;          // [B, N] each, the last first
  std::vector<std::vector<double>> times_;  // of each row's slopes
  at::Tensor slope_;                        // at the end of the proposal
  std::vector<double> next_times_;
};

}  // namespace

std::unique_ptr<BatchFormula> adams_formula(const Adams& method,
                                            AdaptiveBatch::Field field,
                                            const at::Tensor& like) {
  if (method.order < 1 || method.order > max_adams_order) {
    throw std::invalid_argument("Adams: expected an order from 1 to " +
                                std::to_string(max_adams_order) + ", found " +
                                std::to_string(method.order));
  }
  return std::make_unique<AdamsFormula>(method, std::move(field), like);
}

}  // namespace stochflow::diffusion
