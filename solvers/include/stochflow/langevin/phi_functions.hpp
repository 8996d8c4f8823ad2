#pragma once

// The functions through which friction enters the exponential integrators of Langevin dynamics,
// phi_k(z) = sum_j (-z)^j / (j + k)! for z >= 0: phi_0 = e^-z, phi_1 = (1 - e^-z)/z, phi_2 =
// (z - 1 + e^-z)/z^2, ... Written out, these lose all digits for small z; here every one is right
// to a few units of rounding for any z >= 0, and no formula divides by the friction.

#include <array>
#include <cmath>

namespace stochflow {

class PhiFunctions {
 public:
  explicit PhiFunctions(double z) : z_(z) {
    constexpr std::array<double, 5> inverse_factorial{1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24};
    if (z < 2) {  // the series of phi_5, then downwards, where the recurrence is stable
      double term = 1.0 / 120, sum = term;
      for (int j = 1; std::abs(term) > 1e-17 * sum; ++j) sum += term *= -z / (j + 5);
      phi_[5] = sum;
      for (int k = 4; k >= 0; --k) phi_[at(k)] = inverse_factorial[at(k)] - z * phi_[at(k + 1)];
    } else {
      phi_[0] = std::exp(-z);
      for (int k = 0; k < 5; ++k) phi_[at(k + 1)] = (inverse_factorial[at(k)] - phi_[at(k)]) / z;
    }
  }

  double operator[](int k) const { return phi_[at(k)]; }  // 0 <= k <= 5

  /// With b(r) = (1 - e^{-z r})/z, r in [0, 1] the time left, int b dW over the unit interval is
  /// phi_2 W + chi H + kappa K + (a part independent of W, H, K). Source: Foster, Lyons and
  /// Oberhauser, arXiv 2101.03446. In closed form
  ///   chi   = 6 (e^-z (z + 2) + z - 2)/z^3                              -> 1
  ///   kappa = 60 (e^-z (z^2 + 6 z + 12) - z^2 + 6 z - 12)/z^4           -> -z
  /// and below z = 2, where these cancel, rewritten in phi_3 and phi_5.
  double chi() const {
    if (z_ >= 2) return 6 * (phi_[0] * (z_ + 2) + z_ - 2) / (z_ * z_ * z_);
    return 3 - 6 * (z_ + 2) * phi_[3];
  }
  double kappa() const {
    if (z_ >= 2) {
      return 60 * (phi_[0] * (z_ * z_ + 6 * z_ + 12) - z_ * z_ + 6 * z_ - 12) / (z_ * z_ * z_ * z_);
    }
    return 60 * z_ * (1.0 / 12 + z_ / 24 - (z_ * z_ + 6 * z_ + 12) * phi_[5]);
  }

 private:
  static constexpr std::size_t at(int k) { return static_cast<std::size_t>(k); }

  double z_;
  std::array<double, 6> phi_{};
};

/// int_0^1 b(r)^2 dr for the b above: the variance of the position under free Langevin motion.
/// `single` at z and `twice` at 2 z.
inline double integral_of_b_squared(const PhiFunctions& single, const PhiFunctions& twice) {
  return 4 * twice[3] - 2 * single[3];
}

}  // namespace stochflow
