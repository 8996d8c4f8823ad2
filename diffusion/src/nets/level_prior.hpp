#pragma once

// The prior that a network describes for a pixel (stochflow/diffusion/nets/mixture_head.hpp), as
// weights of the 256 grey levels, and the way back from derivatives by them to the outputs. Level v
// of width w gets of a Gaussian with mean m and standard deviation d the density at its centre of
// N(m, d^2 + w^2/4), whose sum over levels does not depend on m.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "lane_math.hpp"
#include "mixture_kernel.hpp"

namespace stochflow::diffusion::detail {

inline constexpr int levels = 256;
inline constexpr int room = 64;             // levels within reach of a pixel, at most
inline constexpr double width = 1.0 / 128;  // of a level
inline constexpr double inverse_sqrt_2 = 0.70710678118654752440;
inline constexpr double inverse_sqrt_2pi = 0.39894228040143267794;

using Row = std::array<double, room>;

inline int level_of(double x) {
  return std::clamp(static_cast<int>(std::floor((x + 1) * 128)), 0, levels - 1);
}

/// Weights exp(logit - largest) of the prior on some levels: of Gaussian j in own[j], of box k in
/// of_box[k], of all together in `sum`.
struct LevelWeights {
  Row sum;
  std::vector<Row> own;
  std::vector<double> of_box;
  double largest = 0;  // of the logits
};

template <class T>
class LevelPrior {
 public:
  /// Refers to `in`, whose boxes must be grey levels.
  explicit LevelPrior(const MixtureInput<T>& in)
      : in_(in), boxes_(static_cast<std::int64_t>(in.boxes.size())) {
    for (const Box& box : in.boxes) box_level_.push_back(level_of(box.low + 0.5 * width));
  }

  std::int64_t channels() const { return boxes_ + 3 * in_.gaussians; }

  /// Of pixel i, on the levels [first, first + count).
  void weigh(std::int64_t i, int first, int count, LevelWeights& prior) const {
    const std::int64_t M = in_.gaussians;
    prior.largest = -1e300;
    for (std::int64_t k = 0; k < boxes_ + M; ++k) {
      prior.largest = std::max(prior.largest, output(k, i));
    }
    prior.own.resize(static_cast<std::size_t>(M));
    prior.of_box.assign(static_cast<std::size_t>(boxes_), 0.0);
    for (int v = 0; v < count; ++v) prior.sum[v] = 0;
    for (std::int64_t j = 0; j < M; ++j) {
      const double log_weight = output(boxes_ + j, i) - prior.largest;
      const double m = output(boxes_ + M + j, i);
      const double total = variance_of(i, j), scale = width * inverse_sqrt_2pi / std::sqrt(total);
      Row& own = prior.own[static_cast<std::size_t>(j)];
      for (int v = 0; v < count; ++v) {
        const double d = (first + v + 0.5) * width - 1 - m;
        own[v] = scale * exp_lane(log_weight - 0.5 * d * d / total);
        prior.sum[v] += own[v];
      }
    }
    for (std::int64_t k = 0; k < boxes_; ++k) {
      const int v = box_level_[static_cast<std::size_t>(k)] - first;
      if (v < 0 || v >= count) continue;
      const double w = exp_lane(output(k, i) - prior.largest);
      prior.of_box[static_cast<std::size_t>(k)] = w;
      prior.sum[v] += w;
    }
  }

  /// From the log weights of levels to the outputs that made them.
  void hand_on(std::int64_t i,
               int first,
               int count,
               const LevelWeights& prior,
               const Row& by_log_weight,
               std::vector<double>& by_output) const {
    const std::int64_t M = in_.gaussians;
    const auto add = [&](std::int64_t channel, double value) {
      by_output[static_cast<std::size_t>(channel)] += value;
    };
    Row by_weight;
    for (int v = 0; v < count; ++v) by_weight[v] = by_log_weight[v] / (prior.sum[v] + 1e-300);
    for (std::int64_t k = 0; k < boxes_; ++k) {
      const int v = box_level_[static_cast<std::size_t>(k)] - first;
      if (v >= 0 && v < count) add(k, by_weight[v] * prior.of_box[static_cast<std::size_t>(k)]);
    }
    for (std::int64_t j = 0; j < M; ++j) {
      const Row& own = prior.own[static_cast<std::size_t>(j)];
      const double m = output(boxes_ + M + j, i), total = variance_of(i, j);
      double by_logit = 0, by_centre = 0, by_total = 0;
      for (int v = 0; v < count; ++v) {
        const double d = (first + v + 0.5) * width - 1 - m, g = by_weight[v] * own[v];
        by_logit += g;
        by_centre += g * d / total;
        by_total += g * (d * d / total - 1);
      }
      add(boxes_ + j, by_logit);
      add(boxes_ + M + j, by_centre);
      const double raw = output(boxes_ + 2 * M + j, i);
      if (raw > narrowest && raw < widest) {
        add(boxes_ + 2 * M + j, by_total * exp_lane(2 * raw) / total);
      }
    }
  }

 private:
  static constexpr double narrowest = -9, widest = 3;  // of a Gaussian's log standard deviation

  double output(std::int64_t channel, std::int64_t i) const {
    return static_cast<double>(in_.outputs[channel * in_.pixels + i]);
  }
  double log_width_of(std::int64_t i, std::int64_t j) const {
    return std::clamp(output(boxes_ + 2 * in_.gaussians + j, i), narrowest, widest);
  }
  double variance_of(std::int64_t i, std::int64_t j) const {
    return exp_lane(2 * log_width_of(i, j)) + 0.25 * width * width;
  }

  const MixtureInput<T>& in_;
  std::int64_t boxes_;
  std::vector<int> box_level_;
};

}  // namespace stochflow::diffusion::detail
