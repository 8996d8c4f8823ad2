#include "palette_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "level_prior.hpp"
#include "seen_levels.hpp"

namespace stochflow::diffusion::detail {
namespace {

constexpr double reach = 5.5;         // of the noise, in standard deviations
constexpr double certain = 1e-6;      // what else a background pixel may be
constexpr double negligible = 1e-12;  // share of a palette
constexpr int at_a_time = 16;         // factors between two logarithms, each above 1e-5

double log_sum_exp(const std::vector<double>& logs) {
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double l : logs) sum += std::exp(l - largest);
  return largest + std::log(sum);
}

template <class T>
class Image {
 public:
  Image(const MixtureInput<T>& in, const PaletteTables& palettes)
      : in_(in),
        palettes_(palettes),
        prior_(in),
        s_(in.sigma / in.alpha),
        pixels_(static_cast<std::size_t>(in.pixels)),
        place_(pixels_.size(), -1) {
    for (std::int64_t i = 0; i < in.pixels; ++i) load(i);
    explain();
  }

  void forward(MixtureResult<T>& out) const {
    for (std::int64_t i = 0; i < in_.pixels; ++i) {
      const Reachable& p = pixels_[static_cast<std::size_t>(i)];
      Row weight;
      shared(i, p, weight);
      double eps = 0, square = 0, rest = 0;
      for (int v = 0; v < p.count; ++v) {
        const double w = p.posterior[v] * weight[v];
        eps += w * p.eps[v];
        square += w * p.eps[v] * p.eps[v];
        rest += w * (1 - p.slope[v]);
      }
      out.eps[i] = static_cast<T>(eps);
      if (out.variance) {
        out.variance[i] = static_cast<T>(s_ * s_ * std::max(0.0, rest + square - eps * eps));
      }
    }
    if (in_.x) out.surprise = surprise();
  }

  void backward(const MixtureGradient<T>& gradient) const {
    const std::size_t K = used_.size();
    // By the log weight of each palette.
    std::vector<double> by_share(K, 0.0);
    if (gradient.eps) {
      double mean = 0;
      for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t a = 0; a < active_.size(); ++a) {
          by_share[k] += static_cast<double>(gradient.eps[active_[a]]) * eps_of_[a * K + k];
        }
        mean += share_[k] * by_share[k];
      }
      for (std::size_t k = 0; k < K; ++k) by_share[k] = share_[k] * (by_share[k] - mean);
    }
    for (std::int64_t i = 0; i < in_.pixels; ++i) pixel_backward(i, by_share, gradient);
  }

 private:
  double y_of(std::int64_t i) const { return static_cast<double>(in_.z[i]) / in_.alpha; }

  void load(std::int64_t i) {
    Reachable& p = pixels_[static_cast<std::size_t>(i)];
    const double y = y_of(i), place = (y + 1) * 128;
    const int radius = std::min(static_cast<int>(std::ceil(reach * s_ * 128)), room / 2 - 1);
    const int middle = static_cast<int>(std::floor(std::clamp(place, -1e6, 1e6)));
    p.first = std::clamp(middle - radius, 0, levels - 1);
    p.count = std::clamp(middle + radius, 0, levels - 1) - p.first + 1;

    Row likelihood;
    if (palettes_.in_middle) {
      see_middles(y, s_, p, likelihood);
    } else {
      see_intervals(y, s_, p, likelihood);
    }
    thread_local LevelWeights prior;
    prior_.weigh(i, p.first, p.count, prior);
    double sum = 0;
    for (int v = 0; v < p.count; ++v) {
      p.posterior[v] = prior.sum[v] * likelihood[v] + 1e-290;
      sum += p.posterior[v];
    }
    for (int v = 0; v < p.count; ++v) p.posterior[v] /= sum;
    if (in_.x) {
      log_evidence_ += std::log(sum);
      const int own = level_of(static_cast<double>(in_.x[i]));
      prior_.weigh(i, own, 1, prior);
      log_prior_ += std::log(prior.sum[0] + 1e-300);
    }
    const bool background = p.first == 0 && 1 - p.posterior[0] < certain;
    if (!background) {
      place_[static_cast<std::size_t>(i)] = static_cast<int>(active_.size());
      active_.push_back(i);
    }
  }

  /// What each palette makes of all pixels: shares q, and D and eps of those that matter.
  void explain() {
    const auto K = static_cast<std::size_t>(palettes_.count);
    std::vector<double> log_share(palettes_.log_weights, palettes_.log_weights + K);
    std::vector<double> product(K, 1.0), one(K);
    const auto take_logarithms = [&] {
      for (std::size_t c = 0; c < K; ++c) {
        log_share[c] += std::log(product[c]);
        product[c] = 1;
      }
    };
    std::vector<double> D_of(active_.size() * K);
    for (std::size_t a = 0; a < active_.size(); ++a) {
      const Reachable& p = pixels_[static_cast<std::size_t>(active_[a])];
      double* const D = D_of.data() + a * K;
      for (int v = 0; v < p.count; ++v) {
        const double r = p.posterior[v];
        if (r < negligible) continue;
        const double* const ratio = palettes_.ratios + (p.first + v) * palettes_.count;
        for (std::size_t c = 0; c < K; ++c) D[c] += r * ratio[c];
      }
      for (std::size_t c = 0; c < K; ++c) product[c] *= D[c];
      if (a % at_a_time == at_a_time - 1) take_logarithms();
    }
    take_logarithms();
    log_explained_ = log_sum_exp(log_share);
    for (std::size_t c = 0; c < K; ++c) {
      const double q = std::exp(log_share[c] - log_explained_);
      if (q < negligible) continue;
      used_.push_back(c);
      share_.push_back(q);
    }
    D_.resize(active_.size() * used_.size());
    eps_of_.assign(D_.size(), 0.0);
    for (std::size_t a = 0; a < active_.size(); ++a) {
      const Reachable& p = pixels_[static_cast<std::size_t>(active_[a])];
      for (std::size_t k = 0; k < used_.size(); ++k) {
        double eps = 0;
        for (int v = 0; v < p.count; ++v) eps += p.posterior[v] * ratio(p, v, k) * p.eps[v];
        D_[a * used_.size() + k] = D_of[a * K + used_[k]];
        eps_of_[a * used_.size() + k] = eps / D_of[a * K + used_[k]];
      }
    }
  }
  double ratio(const Reachable& p, int v, std::size_t k) const {
    return palettes_.ratios[(p.first + v) * palettes_.count + static_cast<std::int64_t>(used_[k])];
  }

  /// sum_c q_c ratio_c(v)/D_c: posterior over levels with palettes, relative to that without.
  void shared(std::int64_t i, const Reachable& p, Row& weight) const {
    const int a = place_[static_cast<std::size_t>(i)];
    if (a < 0) {
      for (int v = 0; v < p.count; ++v) weight[v] = 1;
      return;
    }
    const std::size_t K = used_.size();
    const double* const D = D_.data() + static_cast<std::size_t>(a) * K;
    for (int v = 0; v < p.count; ++v) weight[v] = 0;
    for (std::size_t k = 0; k < K; ++k) {
      const double q = share_[k] / D[k];
      for (int v = 0; v < p.count; ++v) weight[v] += q * ratio(p, v, k);
    }
  }

  double surprise() const {
    const auto K = static_cast<std::size_t>(palettes_.count);
    std::vector<double> log_share(palettes_.log_weights, palettes_.log_weights + K);
    for (std::int64_t i = 0; i < in_.pixels; ++i) {
      const int v = level_of(static_cast<double>(in_.x[i]));
      if (v == 0) continue;  // belongs to all
      const double* const log_ratio = palettes_.log_ratios + v * palettes_.count;
      for (std::size_t c = 0; c < K; ++c) log_share[c] += log_ratio[c];
    }
    // Densities of x: a level's weight over its width, which the evidence shares.
    return log_evidence_ + log_explained_ - log_prior_ - log_sum_exp(log_share);
  }

  void pixel_backward(std::int64_t i,
                      const std::vector<double>& by_share,
                      const MixtureGradient<T>& gradient) const {
    const Reachable& p = pixels_[static_cast<std::size_t>(i)];
    const double by_eps = gradient.eps ? static_cast<double>(gradient.eps[i]) : 0.0;
    const double by_surprise = gradient.surprise;
    const int a = place_[static_cast<std::size_t>(i)];
    const std::size_t K = used_.size();
    Row weight, pull;  // pull: what a level's log weight does through eps and shares of palettes
    shared(i, p, weight);
    if (a < 0) {
      double eps = 0;
      for (int v = 0; v < p.count; ++v) eps += p.posterior[v] * p.eps[v];
      for (int v = 0; v < p.count; ++v) pull[v] = by_eps * eps;
    } else {
      for (int v = 0; v < p.count; ++v) pull[v] = 0;
      const std::size_t at = static_cast<std::size_t>(a) * K;
      for (std::size_t k = 0; k < K; ++k) {
        const double h = (by_eps * share_[k] * eps_of_[at + k] - by_share[k]) / D_[at + k];
        for (int v = 0; v < p.count; ++v) pull[v] += h * ratio(p, v, k);
      }
    }
    Row by_log_weight;
    double by_y = 0;
    for (int v = 0; v < p.count; ++v) {
      const double r = p.posterior[v];
      by_log_weight[v] = r * (by_eps * p.eps[v] * weight[v] - pull[v] + by_surprise * weight[v]);
      by_y += (by_eps * r * weight[v] * p.slope[v] - by_log_weight[v] * p.eps[v]) / s_;
    }
    gradient.z[i] = static_cast<T>(by_y / in_.alpha);

    const std::int64_t channels = prior_.channels();
    std::vector<double> by_output(static_cast<std::size_t>(channels), 0.0);
    thread_local LevelWeights prior;
    prior_.weigh(i, p.first, p.count, prior);
    prior_.hand_on(i, p.first, p.count, prior, by_log_weight, by_output);
    if (in_.x && by_surprise != 0) {
      const int own = level_of(static_cast<double>(in_.x[i]));
      prior_.weigh(i, own, 1, prior);
      by_log_weight[0] = -by_surprise;
      prior_.hand_on(i, own, 1, prior, by_log_weight, by_output);
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      gradient.outputs[c * in_.pixels + i] = static_cast<T>(by_output[static_cast<std::size_t>(c)]);
    }
  }

  const MixtureInput<T>& in_;
  const PaletteTables& palettes_;
  LevelPrior<T> prior_;
  double s_;
  std::vector<Reachable> pixels_;
  std::vector<int> place_;            // of a pixel among the active ones, or -1
  std::vector<std::int64_t> active_;  // pixels that may be something else than background
  std::vector<std::size_t> used_;     // palettes with a share
  std::vector<double> share_;         // of those
  std::vector<double> D_, eps_of_;    // [active, used]
  double log_explained_ = 0, log_evidence_ = 0, log_prior_ = 0;
};

}  // namespace

template <class T>
void palette_forward(const MixtureInput<T>& in,
                     const PaletteTables& palettes,
                     MixtureResult<T>& out) {
  out.surprise = 0;
  Image<T>(in, palettes).forward(out);
}

template <class T>
void palette_backward(const MixtureInput<T>& in,
                      const PaletteTables& palettes,
                      const MixtureGradient<T>& gradient) {
  Image<T>(in, palettes).backward(gradient);
}

template void palette_forward(const MixtureInput<float>&,
                              const PaletteTables&,
                              MixtureResult<float>&);
template void palette_forward(const MixtureInput<double>&,
                              const PaletteTables&,
                              MixtureResult<double>&);
template void palette_backward(const MixtureInput<float>&,
                               const PaletteTables&,
                               const MixtureGradient<float>&);
template void palette_backward(const MixtureInput<double>&,
                               const PaletteTables&,
                               const MixtureGradient<double>&);

}  // namespace stochflow::diffusion::detail
