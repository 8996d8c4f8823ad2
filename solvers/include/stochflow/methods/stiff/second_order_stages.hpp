#pragma once

// The stages of stabilised methods of order 2: K_j = P_j(h Df) x for a linear drift, where the
// polynomials obey a recurrence of three terms and finish as
//
//   R(z) = (1 + 2 sigma z + tau z^2) P_{s-2}(z) = 1 + z + z^2/2 + ...,   |R| < 1 on [-l, 0]
//
// As in ROCK2, P_0, P_1, ... are orthogonal with respect to w(x)^2 / sqrt(1 - x^2), w a quadratic
// without real zeros, so that w P_{s-2} has oscillations of about equal height, and x = a + delta z
// takes [-l, 0] to [-1, a]. ROCK2's tables put w in proportion to the last factor of R, which makes
// l as large as can be, about 0.81 s^2. Here delta follows from P_{s-1}'(0) = 1/2, which puts the
// last stage but one in the middle of the step, where weak methods want their noise; sigma and tau
// follow from the two conditions of order; and w(x) = (x - 1)^2 + d^2 and a were chosen so that the
// linear equation with noise is damped in mean square (SRock2) for s from 4 to 200. That leaves
// l > 0.52 s^2.
// No table is needed: the recurrence is computed for any s.
// Sources: Abdulle and Medovikov, Numer. Math. 90 (2001); Gautschi 2004, section 2.2 (Stieltjes'
// procedure, exact on Chebyshev nodes for these weights).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace stochflow::detail {

class SecondOrderStages {
 public:
  static constexpr int fewest = 4;
  static constexpr int most = 1000;

  /// K_{j+1} = mu h f(K_j, t + c h) + nu K_j + kappa K_{j-1}
  struct Stage {
    double mu, nu, kappa;
    double c;  // of K_j
  };

  /// The stages that keep a step stable for h rho; more than `most`: there are none.
  static int stages_for(double h_rho) {
    const double wanted = std::ceil(std::sqrt(h_rho / 0.52));
    return wanted <= most ? std::max(fewest, static_cast<int>(wanted)) : most + 1;
  }

  SecondOrderStages() = default;
  /// s stages, fewest <= s <= most.
  explicit SecondOrderStages(int s) : stages_(static_cast<std::size_t>(s)) {
    const double n = s;
    const double d = 7.5 / ((n + 1.25) * (n + 1.25)), a = 1 + 0.5 / (n * n);
    const auto count = static_cast<std::size_t>(s + 3);
    std::vector<double> x(count), weight(count), before(count, 0.0), p(count, 1.0);
    for (std::size_t i = 0; i < count; ++i) {
      x[i] =
          std::cos((static_cast<double>(i) + 0.5) * std::numbers::pi / static_cast<double>(count));
      const double w = (x[i] - 1) * (x[i] - 1) + d * d;
      weight[i] = w * w;
    }
    // 2^j times the monic polynomials, which neither grow nor vanish; P_j and its derivatives in x
    // at a, where P_j = 1.
    double norm_before = 1, r_before = 0;
    double slope_before = 0, slope = 0, bend_before = 0, bend = 0;
    std::vector<double> slopes{0}, bends{0};
    for (Stage& stage : stages_) {
      double norm = 0, moment = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double square = weight[i] * p[i] * p[i];
        norm += square;
        moment += x[i] * square;
      }
      const double centre = moment / norm, b = slopes.size() > 1 ? norm / norm_before : 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double next = 2 * (x[i] - centre) * p[i] - b * before[i];
        before[i] = p[i];
        p[i] = next;
      }
      const double r = 1 / (2 * (a - centre) - b * r_before);
      stage = {2 * r, 2 * (a - centre) * r, -b * r * r_before, 0};
      const double slope_next = stage.mu + stage.nu * slope + stage.kappa * slope_before;
      const double bend_next = 2 * stage.mu * slope + stage.nu * bend + stage.kappa * bend_before;
      slope_before = slope, slope = slope_next;
      bend_before = bend, bend = bend_next;
      slopes.push_back(slope);
      bends.push_back(bend);
      norm_before = norm, r_before = r;
    }
    const std::size_t last = stages_.size();
    const double delta = 0.5 / slopes[last - 1];
    for (std::size_t j = 0; j < last; ++j) {
      stages_[j].mu *= delta;
      stages_[j].c = delta * slopes[j];
    }
    end_ = delta * slopes[last];
    length_ = (1 + a) / delta;
    const double c = delta * slopes[last - 2];
    two_sigma_ = 1 - c;
    tau_ = 0.5 * (1 - delta * delta * bends[last - 2]) - two_sigma_ * c;
  }

  int count() const { return static_cast<int>(stages_.size()); }
  const Stage& operator[](std::size_t j) const { return stages_[j]; }
  /// c of K_s.
  double end() const { return end_; }
  double two_sigma() const { return two_sigma_; }
  double tau() const { return tau_; }
  /// l: stable for real eigenvalues with h |lambda| up to this.
  double length() const { return length_; }

 private:
  std::vector<Stage> stages_;
  double end_ = 0, two_sigma_ = 0, tau_ = 0, length_ = 0;
};

}  // namespace stochflow::detail
