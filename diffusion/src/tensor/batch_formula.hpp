#pragma once

// How AdaptiveBatch advances its rows: a formula proposes a step for all of them, the batch decides
// which rows take it.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "stochflow/diffusion/tensor/adaptive_batch.hpp"

namespace stochflow::diffusion {

class BatchFormula {
 public:
  virtual ~BatchFormula() = default;

  struct Proposal {
    at::Tensor y;      // [B, N] at t + h
    at::Tensor error;  // [B, N], estimated
  };
  /// From y [B, N] at t [B] by h [B], signed. A row with h = 0 has nothing to go by: the field is
  /// evaluated at (y, t), and that is all.
  virtual Proposal propose(const at::Tensor& y,
                           const std::vector<double>& t,
                           const std::vector<double>& h) = 0;
  /// The rows that took the last proposal.
  virtual void keep(const std::vector<char>& taken) = 0;
  /// A row gets another problem, or another field.
  virtual void forget(std::size_t row) = 0;

  virtual std::int64_t evaluations_a_step() const = 0;
  /// The error of a row's next step is of this order in h.
  virtual double error_order(std::size_t row) const = 0;
  /// The largest factor from one step to the next.
  virtual double most_growth() const = 0;
  /// Whether steps build on slopes from before the last one.
  virtual bool remembers() const = 0;
};

std::unique_ptr<BatchFormula> runge_kutta_formula(const Tableau& method,
                                                  AdaptiveBatch::Field field,
                                                  const at::Tensor& like);
std::unique_ptr<BatchFormula> adams_formula(const Adams& method,
                                            AdaptiveBatch::Field field,
                                            const at::Tensor& like);

namespace detail {

inline at::Tensor on_device_of(const at::Tensor& like, const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).to(like.device());
}
/// [B, 1], bool.
inline at::Tensor mask_of(const std::vector<char>& rows, const at::Tensor& like) {
  const std::vector<double> values(rows.begin(), rows.end());
  return on_device_of(like, values).gt(0.5).unsqueeze(1);
}

}  // namespace detail
}  // namespace stochflow::diffusion
