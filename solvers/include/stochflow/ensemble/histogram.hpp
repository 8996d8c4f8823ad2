#pragma once

// A histogram with bins given in advance: counts only, so it merges exactly and in any order. Where
// the range is not known beforehand, or tails matter, take QuantileSketch.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace stochflow {

/// `bins` equal bins over [low, high).
class Histogram {
 public:
  Histogram() = default;  // of nothing: takes the bins of the first that is merged into it
  Histogram(double low, double high, std::size_t bins) : low_(low), high_(high), counts_(bins) {
    if (!(low < high) || !std::isfinite(low) || !std::isfinite(high) || bins == 0) {
      std::ostringstream text;
      text << "Histogram: expected finite low < high and at least 1 bin, found [" << low << ", "
           << high << ") and " << bins << " bins";
      throw std::invalid_argument(text.str());
    }
  }

  void add(double value) {
    if (std::isnan(value)) {
      ++not_numbers_;
    } else if (value < low_) {
      ++below_;
    } else if (!(value < high_)) {
      ++above_;
    } else {
      const double place = (value - low_) / (high_ - low_) * static_cast<double>(counts_.size());
      // A value just below `high` may round up to it.
      ++counts_[std::min(static_cast<std::size_t>(place), counts_.size() - 1)];
    }
  }

  void merge(const Histogram& next) {
    if (next.counts_.empty()) return;
    if (counts_.empty()) {
      *this = next;
      return;
    }
    if (next.low_ != low_ || next.high_ != high_ || next.counts_.size() != counts_.size()) {
      throw std::invalid_argument(
          "Histogram: two with different bins cannot be merged: give both the same");
    }
    for (std::size_t k = 0; k < counts_.size(); ++k) counts_[k] += next.counts_[k];
    below_ += next.below_;
    above_ += next.above_;
    not_numbers_ += next.not_numbers_;
  }

  std::size_t bins() const { return counts_.size(); }
  std::int64_t count(std::size_t bin) const { return counts_.at(bin); }
  /// Where bin `bin` starts; edge(bins()) is the end of the last.
  double edge(std::size_t bin) const {
    return low_ + (high_ - low_) * (static_cast<double>(bin) / static_cast<double>(bins()));
  }
  std::int64_t below() const { return below_; }
  std::int64_t above() const { return above_; }
  std::int64_t not_numbers() const { return not_numbers_; }
  /// Of all that are numbers.
  std::int64_t total() const {
    std::int64_t sum = below_ + above_;
    for (const std::int64_t c : counts_) sum += c;
    return sum;
  }
  /// Estimated probability density in a bin.
  double density(std::size_t bin) const {
    return static_cast<double>(count(bin)) / static_cast<double>(total()) *
           (static_cast<double>(bins()) / (high_ - low_));
  }

 private:
  double low_ = 0, high_ = 0;
  std::vector<std::int64_t> counts_;
  std::int64_t below_ = 0, above_ = 0, not_numbers_ = 0;
};

}  // namespace stochflow
