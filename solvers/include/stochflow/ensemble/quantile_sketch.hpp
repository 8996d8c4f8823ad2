#pragma once

// Quantiles of a stream in bounded memory, with a certificate of their error. Values wait in
// buffers; two full buffers of weight w are sorted together and every second value goes on with
// weight 2 w, from the first or from the second, whichever makes up for the thinnings before. No
// chance is involved, so sketches merged in a fixed order (reduction.hpp) give the same bits for
// any number of threads; and what each thinning can have done to a rank is known and added up:
// `rank_error()` is a bound that holds, not one that holds probably. With buffers of k values, n
// values give a bound of about log2(n / 2k) / (4 k): for k = 2048, 0.1 % of the ranks at a million
// values. Up to 2 k values the quantiles are exact. Ensembles keep sketches with
// `quantile_buffer` of EnsembleOptions.
// Sources: Manku, Rajagopalan and Lindsay 1998; Agarwal et al., "Mergeable summaries", ACM TODS 38
// (2013).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace stochflow {

class QuantileSketch {
 public:
  /// Buffers of `buffer` values, at least 8.
  explicit QuantileSketch(std::size_t buffer = 2048) : buffer_(buffer) {
    if (buffer < 8) {
      throw std::invalid_argument("QuantileSketch: expected a buffer of at least 8, found " +
                                  std::to_string(buffer));
    }
  }

  /// Not-a-numbers are counted and left out.
  void add(double value) {
    if (std::isnan(value)) {
      ++not_numbers_;
      return;
    }
    if (levels_.empty()) levels_.emplace_back();
    levels_[0].push_back(value);
    ++n_;
    compress(0);
  }

  /// Adds the values of `next`, which come after these. The buffers must be as large.
  void merge(const QuantileSketch& next) {
    not_numbers_ += next.not_numbers_;
    if (next.n_ == 0) return;
    if (n_ == 0) {
      const std::int64_t not_numbers = not_numbers_;
      *this = next;
      not_numbers_ = not_numbers;
      return;
    }
    if (next.buffer_ != buffer_) {
      throw std::invalid_argument("QuantileSketch: buffers of " + std::to_string(buffer_) +
                                  " and of " + std::to_string(next.buffer_) +
                                  " values cannot be merged: give both the same");
    }
    if (levels_.size() < next.levels_.size()) levels_.resize(next.levels_.size());
    for (std::size_t l = 0; l < next.levels_.size(); ++l) {
      const std::vector<double>& more = next.levels_[l];
      levels_[l].insert(levels_[l].end(), more.begin(), more.end());
    }
    too_high_ += next.too_high_;
    too_low_ += next.too_low_;
    n_ += next.n_;
    for (std::size_t l = 0; l < levels_.size(); ++l) compress(l);
  }

  std::int64_t count() const { return n_; }
  std::int64_t not_numbers() const { return not_numbers_; }

  /// The smallest value with at least q n values up to it, 0 <= q <= 1, as estimated; its true rank
  /// over n is within rank_error() of q (where values repeat: of their share around q).
  double quantile(double q) const { return quantiles({q}).front(); }
  std::vector<double> quantiles(const std::vector<double>& of) const {
    const auto all = weighted();
    std::vector<double> result;
    for (const double q : of) {
      if (!(q >= 0 && q <= 1)) {
        throw std::invalid_argument("QuantileSketch: expected 0 <= q <= 1, found " +
                                    std::to_string(q));
      }
      const double rank = q * static_cast<double>(n_);
      double seen = 0, value = NAN;
      for (const auto& [v, weight] : all) {
        value = v;
        seen += static_cast<double>(weight);
        if (seen >= rank) break;
      }
      result.push_back(value);
    }
    return result;
  }

  /// The estimated share of the values up to x, wrong by rank_error() at most.
  double share_up_to(double x) const {
    std::int64_t seen = 0;
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      for (const double v : levels_[l]) seen += v <= x ? std::int64_t{1} << l : 0;
    }
    return n_ == 0 ? NAN : static_cast<double>(seen) / static_cast<double>(n_);
  }

  /// The largest possible error of a rank, over n. Zero: nothing was thinned, all is exact.
  double rank_error() const {
    if (n_ == 0) return 0;
    return static_cast<double>(std::max(too_high_, too_low_)) / static_cast<double>(n_);
  }

  /// Of numbers held.
  std::size_t memory() const {
    std::size_t sum = 0;
    for (const auto& level : levels_) sum += level.size();
    return sum;
  }

  /// All that a sketch is, to be stored and read back.
  auto members() const { return std::tie(buffer_, levels_, n_, not_numbers_, too_high_, too_low_); }
  auto members() { return std::tie(buffer_, levels_, n_, not_numbers_, too_high_, too_low_); }

 private:
  /// Thins level l until it holds fewer than two buffers.
  void compress(std::size_t l) {
    if (levels_[l].size() < 2 * buffer_) return;
    if (l + 1 == levels_.size()) levels_.emplace_back();
    std::vector<double>& level = levels_[l];
    // An odd one waits for the next time.
    std::vector<double> odd;
    if (level.size() % 2 == 1) {
      odd.push_back(level.back());
      level.pop_back();
    }
    std::sort(level.begin(), level.end());
    std::vector<double>& up = levels_[l + 1];
    const bool from_second = too_high_ > too_low_;
    for (std::size_t k = from_second ? 1 : 0; k < level.size(); k += 2) {
      up.push_back(level[k]);
    }
    // Of r values up to x the first, third, ... are ceil(r/2), the second, fourth, ... floor(r/2).
    (from_second ? too_low_ : too_high_) += std::int64_t{1} << l;
    level = std::move(odd);
    compress(l + 1);
  }

  std::vector<std::pair<double, std::int64_t>> weighted() const {
    std::vector<std::pair<double, std::int64_t>> all;
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      for (const double v : levels_[l]) all.emplace_back(v, std::int64_t{1} << l);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  std::size_t buffer_;
  std::vector<std::vector<double>> levels_;  // level l: values of weight 2^l
  std::int64_t n_ = 0, not_numbers_ = 0;
  std::int64_t too_high_ = 0, too_low_ = 0;  // how far estimated ranks may be off
};

}  // namespace stochflow
