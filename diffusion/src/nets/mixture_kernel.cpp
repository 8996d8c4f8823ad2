#include "mixture_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lane_math.hpp"

namespace stochflow::diffusion::detail {
namespace {

constexpr int lanes = 16;
using Lanes = double[lanes];

constexpr double inverse_sqrt_2 = 0.70710678118654752440;
constexpr double inverse_sqrt_2pi = 0.39894228040143267794;
constexpr double narrowest = -9, widest = 3;  // of a Gaussian's log standard deviation

// What one component says about sixteen pixels: its weight is exp(exponent) * factor.
struct Component {
  alignas(64) Lanes exponent;
  alignas(64) Lanes factor;
  alignas(64) Lanes mean;      // posterior mean of x
  alignas(64) Lanes variance;  // posterior variance of x
};

// Bayes' rule for x uniform in [low, high] and y = x + s * noise. By symmetry y is taken above the
// middle of the box; (y - x)/s is then a standard normal cut to [near, far].
void box_posterior(
    const Box& box, const Lanes& logit, const Lanes& y, double s, Component& component) {
  const double middle = 0.5 * (box.low + box.high), width = box.high - box.low;
  const double inverse_s = 1 / s, d = width * inverse_s;
  const double most_variance = s * s * std::min(1.0, d * d / 12);
  for (int i = 0; i < lanes; ++i) {
    const double offset = y[i] - middle;
    const double distance = std::fabs(offset);
    const double near = (distance - 0.5 * width) * inverse_s;
    const double far = (distance + 0.5 * width) * inverse_s;
    const double magnitude = std::fabs(near);
    const double near_density = exp_lane(-0.5 * near * near);
    const double ratio = exp_lane(-distance * width * inverse_s * inverse_s);
    const double near_tail = 0.5 * erfcx_lane(magnitude * inverse_sqrt_2);
    const double far_tail = 0.5 * erfcx_lane(far * inverse_sqrt_2);
    // Outside the box everything is divided by exp(-near^2/2), which the exponent carries.
    const bool outside = near > 0;
    const double top = outside ? 1.0 : near_density;
    const double mass =
        outside ? near_tail - far_tail * ratio : 1 - top * (near_tail + far_tail * ratio);
    const double scale = top * inverse_sqrt_2pi / mass;
    const double t = scale * (1 - ratio);
    const double v = 1 + scale * (near - far * ratio) - t * t;
    double shift = distance - s * t;
    shift = std::min(std::max(shift, -0.5 * width), 0.5 * width);
    component.exponent[i] = logit[i] + (outside ? -0.5 * near * near : 0.0);
    component.factor[i] = mass / width;
    component.mean[i] = middle + (offset < 0 ? -shift : shift);
    component.variance[i] = std::min(std::max(s * s * v, 0.0), most_variance);
  }
}

void gaussian_posterior(const Lanes& logit,
                        const Lanes& centre,
                        const Lanes& log_width,
                        const Lanes& y,
                        double s,
                        Component& component) {
  for (int i = 0; i < lanes; ++i) {
    const double prior = exp_lane(2 * log_width[i]);
    const double inverse_total = 1 / (prior + s * s);
    const double offset = y[i] - centre[i];
    component.exponent[i] = logit[i] - 0.5 * offset * offset * inverse_total;
    component.factor[i] = inverse_sqrt_2pi * std::sqrt(inverse_total);
    component.mean[i] = y[i] - s * s * offset * inverse_total;
    component.variance[i] = s * s * prior * inverse_total;
  }
}

// Turns exponents and factors into weights that sum to one, left in `factor`; returns the log of
// the sum.
void normalise(std::span<Component> components, Lanes& log_sum) {
  alignas(64) Lanes largest, sum = {};
  std::fill_n(largest, lanes, -1e300);
  for (const Component& c : components) {
    for (int i = 0; i < lanes; ++i) largest[i] = std::max(largest[i], c.exponent[i]);
  }
  for (Component& c : components) {
    for (int i = 0; i < lanes; ++i) {
      c.factor[i] *= exp_lane(c.exponent[i] - largest[i]);
      sum[i] += c.factor[i];
    }
  }
  for (Component& c : components) {
    for (int i = 0; i < lanes; ++i) c.factor[i] /= sum[i];
  }
  for (int i = 0; i < lanes; ++i) log_sum[i] = largest[i] + std::log(sum[i]);
}

// The components of one block of pixels, given y (posterior) or x (prior).
template <class T>
class Block {
 public:
  explicit Block(const MixtureInput<T>& in)
      : in_(in),
        boxes_(static_cast<std::int64_t>(in.boxes.size())),
        count_(boxes_ + in.gaussians),
        s_(in.sigma / in.alpha),
        posterior_(count_),
        prior_(in.x ? count_ : 0),
        raw_(boxes_ + 3 * in.gaussians) {}

  void load(std::int64_t first) {
    first_ = first;
    width_ = static_cast<int>(std::min<std::int64_t>(lanes, in_.pixels - first));
    const std::int64_t channels = boxes_ + 3 * in_.gaussians;
    for (std::int64_t c = 0; c < channels; ++c) read(in_.outputs + c * in_.pixels, raw_[c].values);
    for (std::int64_t j = 0; j < in_.gaussians; ++j) {
      double* const w = raw_[boxes_ + 2 * in_.gaussians + j].values;
      for (int i = 0; i < lanes; ++i) w[i] = std::min(std::max(w[i], narrowest), widest);
    }
    read(in_.z, y_);
    for (int i = 0; i < lanes; ++i) y_[i] /= in_.alpha;
    for (std::int64_t k = 0; k < boxes_; ++k) {
      box_posterior(in_.boxes[k], logit(k), y_, s_, posterior_[k]);
    }
    for (std::int64_t j = 0; j < in_.gaussians; ++j) {
      gaussian_posterior(
          logit(boxes_ + j), centre(j), log_width(j), y_, s_, posterior_[boxes_ + j]);
    }
    normalise(posterior_, log_evidence_);
    for (int i = 0; i < lanes; ++i) mean_[i] = variance_[i] = 0;
    for (const Component& c : posterior_) {
      for (int i = 0; i < lanes; ++i) mean_[i] += c.factor[i] * c.mean[i];
    }
    for (const Component& c : posterior_) {
      for (int i = 0; i < lanes; ++i) {
        const double spread = c.mean[i] - mean_[i];
        variance_[i] += c.factor[i] * (c.variance[i] + spread * spread);
      }
    }
    if (in_.x) load_prior();
  }

  const Lanes& logit(std::int64_t k) const { return raw_[k].values; }
  const Lanes& centre(std::int64_t j) const { return raw_[boxes_ + in_.gaussians + j].values; }
  const Lanes& log_width(std::int64_t j) const {
    return raw_[boxes_ + 2 * in_.gaussians + j].values;
  }

  void forward(MixtureResult<T>& out) const {
    for (int i = 0; i < width_; ++i) {
      out.eps[first_ + i] = static_cast<T>((y_[i] - mean_[i]) / s_);
      if (out.variance) out.variance[first_ + i] = static_cast<T>(variance_[i]);
      if (in_.x) out.surprise += log_evidence_[i] - log_prior_[i];
    }
  }

  void backward(const MixtureGradient<T>& gradient) {
    alignas(64) Lanes by_mean = {};  // of the loss by the posterior mean
    if (gradient.eps) {
      for (int i = 0; i < width_; ++i) {
        by_mean[i] = -static_cast<double>(gradient.eps[first_ + i]) / s_;
      }
    }
    const double by_surprise = gradient.surprise;
    const bool with_prior = in_.x != nullptr && by_surprise != 0;
    alignas(64) Lanes d;
    for (std::int64_t k = 0; k < count_; ++k) {
      const Component& c = posterior_[k];
      for (int i = 0; i < lanes; ++i) {
        d[i] = c.factor[i] * (by_mean[i] * (c.mean[i] - mean_[i]) + by_surprise);
      }
      if (with_prior) {
        for (int i = 0; i < lanes; ++i) d[i] -= by_surprise * prior_[k].factor[i];
      }
      write(d, gradient.outputs + k * in_.pixels);
    }
    for (std::int64_t j = 0; j < in_.gaussians; ++j) {
      gaussian_backward(j, by_mean, with_prior ? by_surprise : 0.0, by_surprise, gradient);
    }
    for (int i = 0; i < lanes; ++i) {
      const double by_y = by_mean[i] * (variance_[i] / (s_ * s_) - 1) +
                          by_surprise * (mean_[i] - y_[i]) / (s_ * s_);
      d[i] = by_y / in_.alpha;
    }
    write(d, gradient.z);
  }

 private:
  struct Raw {
    alignas(64) Lanes values;
  };

  void read(const T* from, Lanes& to) const {
    if (width_ == lanes) {
      for (int i = 0; i < lanes; ++i) to[i] = static_cast<double>(from[first_ + i]);
    } else {
      for (int i = 0; i < lanes; ++i) {
        to[i] = static_cast<double>(from[first_ + std::min(i, width_ - 1)]);
      }
    }
  }
  void write(const Lanes& from, T* to) const {
    for (int i = 0; i < width_; ++i) to[first_ + i] = static_cast<T>(from[i]);
  }

  void load_prior() {
    read(in_.x, x_);
    for (std::int64_t k = 0; k < boxes_; ++k) {
      const Box& box = in_.boxes[k];
      const double density = 1 / (box.high - box.low);
      for (int i = 0; i < lanes; ++i) {
        prior_[k].exponent[i] = logit(k)[i];
        prior_[k].factor[i] = x_[i] >= box.low && x_[i] < box.high ? density : 0.0;
      }
    }
    for (std::int64_t j = 0; j < in_.gaussians; ++j) {
      Component& c = prior_[boxes_ + j];
      for (int i = 0; i < lanes; ++i) {
        const double w = log_width(j)[i];
        const double u = (x_[i] - centre(j)[i]) * exp_lane(-w);
        c.exponent[i] = logit(boxes_ + j)[i] - 0.5 * u * u - w;
        c.factor[i] = inverse_sqrt_2pi;
      }
    }
    normalise(prior_, log_prior_);
  }

  void gaussian_backward(std::int64_t j,
                         const Lanes& by_mean,
                         double by_prior,
                         double by_surprise,
                         const MixtureGradient<T>& gradient) const {
    const Component& c = posterior_[boxes_ + j];
    alignas(64) Lanes by_centre, by_log_width;
    for (int i = 0; i < lanes; ++i) {
      const double m = centre(j)[i], v = exp_lane(2 * log_width(j)[i]);
      const double inverse_total = 1 / (v + s_ * s_);
      const double offset = y_[i] - m;
      const double pull = by_mean[i] * (c.mean[i] - mean_[i]) + by_surprise;
      by_centre[i] = c.factor[i] * inverse_total * (pull * offset + by_mean[i] * s_ * s_);
      by_log_width[i] = c.factor[i] * v * inverse_total *
                        (pull * (offset * offset * inverse_total - 1) +
                         2 * by_mean[i] * s_ * s_ * offset * inverse_total);
    }
    if (by_prior != 0) {
      const Component& p = prior_[boxes_ + j];
      for (int i = 0; i < lanes; ++i) {
        const double inverse = exp_lane(-2 * log_width(j)[i]);
        const double offset = x_[i] - centre(j)[i];
        by_centre[i] -= by_prior * p.factor[i] * offset * inverse;
        by_log_width[i] -= by_prior * p.factor[i] * (offset * offset * inverse - 1);
      }
    }
    for (int i = 0; i < width_; ++i) {
      const double raw = static_cast<double>(
          in_.outputs[(boxes_ + 2 * in_.gaussians + j) * in_.pixels + first_ + i]);
      if (raw < narrowest || raw > widest) by_log_width[i] = 0;
    }
    write(by_centre, gradient.outputs + (boxes_ + in_.gaussians + j) * in_.pixels);
    write(by_log_width, gradient.outputs + (boxes_ + 2 * in_.gaussians + j) * in_.pixels);
  }

  const MixtureInput<T>& in_;
  std::int64_t boxes_, count_;
  double s_;
  std::vector<Component> posterior_, prior_;
  std::vector<Raw> raw_;
  std::int64_t first_ = 0;
  int width_ = lanes;
  alignas(64) Lanes y_, x_, mean_, variance_, log_evidence_, log_prior_;
};

}  // namespace

template <class T>
void mixture_forward(const MixtureInput<T>& in, MixtureResult<T>& out) {
  Block<T> block(in);
  out.surprise = 0;
  for (std::int64_t first = 0; first < in.pixels; first += lanes) {
    block.load(first);
    block.forward(out);
  }
}

template <class T>
void mixture_backward(const MixtureInput<T>& in, const MixtureGradient<T>& gradient) {
  Block<T> block(in);
  for (std::int64_t first = 0; first < in.pixels; first += lanes) {
    block.load(first);
    block.backward(gradient);
  }
}

template void mixture_forward(const MixtureInput<float>&, MixtureResult<float>&);
template void mixture_forward(const MixtureInput<double>&, MixtureResult<double>&);
template void mixture_backward(const MixtureInput<float>&, const MixtureGradient<float>&);
template void mixture_backward(const MixtureInput<double>&, const MixtureGradient<double>&);

}  // namespace stochflow::diffusion::detail
