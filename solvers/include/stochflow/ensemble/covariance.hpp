#pragma once

// Means and the covariance matrix of several quantities, streaming and mergeable: the companion of
// Moments (statistics.hpp) where quantities are taken together, as the components of a state or a
// payoff and its control variates. Sources: Chan, Golub and LeVeque 1983; Pebay 2008, eq. (3.12).

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace stochflow {

class Covariance {
 public:
  /// One sample of every quantity; how many there are is settled by the first.
  void add(std::span<const double> values) {
    if (n_ == 0) resize(values.size());
    if (values.size() != mean_.size()) mismatch(values.size());
    ++n_;
    const double weight = 1 / static_cast<double>(n_);
    for (std::size_t j = 0; j < mean_.size(); ++j) before_[j] = values[j] - mean_[j];
    for (std::size_t j = 0; j < mean_.size(); ++j) mean_[j] += before_[j] * weight;
    for (std::size_t j = 0, at = 0; j < mean_.size(); ++j) {
      for (std::size_t k = 0; k <= j; ++k) sums_[at++] += before_[j] * (values[k] - mean_[k]);
    }
  }

  /// Adds the samples of `next`.
  void merge(const Covariance& next) {
    if (next.n_ == 0) return;
    if (n_ == 0) {
      *this = next;
      return;
    }
    if (next.size() != size()) mismatch(next.size());
    const double a = static_cast<double>(n_), b = static_cast<double>(next.n_), n = a + b;
    for (std::size_t j = 0; j < size(); ++j) before_[j] = next.mean_[j] - mean_[j];
    for (std::size_t j = 0, at = 0; j < size(); ++j) {
      for (std::size_t k = 0; k <= j; ++k, ++at) {
        const double apart = before_[j] * before_[k] * (a * b / n);
        sums_[at] = (sums_[at] + next.sums_[at]) + apart;
      }
    }
    for (std::size_t j = 0; j < size(); ++j) mean_[j] += before_[j] * (b / n);
    n_ += next.n_;
  }

  std::size_t size() const { return mean_.size(); }
  std::int64_t count() const { return n_; }
  double mean(std::size_t j) const { return n_ == 0 ? NAN : mean_.at(j); }
  /// Unbiased; NaN for fewer than two samples.
  double covariance(std::size_t j, std::size_t k) const {
    if (j < k) return covariance(k, j);
    return n_ < 2 ? NAN : sums_.at(j * (j + 1) / 2 + k) / static_cast<double>(n_ - 1);
  }
  double variance(std::size_t j) const { return covariance(j, j); }
  double correlation(std::size_t j, std::size_t k) const {
    return covariance(j, k) / std::sqrt(variance(j) * variance(k));
  }

 private:
  void resize(std::size_t size) {
    mean_.assign(size, 0);
    before_.assign(size, 0);
    sums_.assign(size * (size + 1) / 2, 0);
  }
  [[noreturn]] void mismatch(std::size_t found) const {
    throw std::invalid_argument("Covariance: a sample of " + std::to_string(found) +
                                " quantities was added to samples of " + std::to_string(size()) +
                                ": add the same quantities every time");
  }

  std::int64_t n_ = 0;
  std::vector<double> mean_, before_, sums_;  // sums_: the lower triangle, row by row
};

}  // namespace stochflow
