#pragma once

// The step size of adaptive ODE integrations: a proportional-integral controller on the size of the
// error, one text for a number and for a SIMD pack of them. Its powers are polynomials of about
// nine digits, not the C library's: they run in lanes, and give the same bits in every lane and on
// every machine. Used by solve_ode_lanes; SDE solvers have control/pi_controller.hpp.

#include <array>
#include <cmath>
#include <cstdint>

#include "stochflow/noise/lane_normals.hpp"
#include "stochflow/number.hpp"
#include "stochflow/pack.hpp"

namespace stochflow {
namespace detail {

/// log2(x) for positive normal x. Absolute error below 1e-8; exact at powers of two.
template <class D>
D fast_log2(const D& x) {
  using std::fma;
  using Word = decltype(to_bits(x));
  // The mantissa in [sqrt(1/2), sqrt(2)), as in log_of_uniform of noise/normal.hpp.
  constexpr std::uint64_t root_half = 0x3FE6A09E667F3BCD;
  const Word shifted = to_bits(x) - Word(root_half);
  const Word biased = (shifted + Word(std::uint64_t{1024} << 52)) >> 52;
  const D exponent = from_bits(biased | Word(std::uint64_t{0x4330000000000000})) - D(0x1p52 + 1024);
  const D f =
      from_bits((shifted & Word(std::uint64_t{0x000FFFFFFFFFFFFF})) + Word(root_half)) - D(1);
  // log2(1 + f) / f: Chebyshev interpolation on the interval.
  constexpr std::array<double, 10> terms{1.4426950399991884,
                                         -0.72134735447890533,
                                         0.4808985203240642,
                                         -0.3606965418075051,
                                         0.28855256143746741,
                                         -0.23960812190957285,
                                         0.2048576477862193,
                                         -0.19138837656672539,
                                         0.18476033365181379,
                                         -0.10749789418083205};
  return fma(f, polynomial(terms, f), exponent);
}

/// 2^y for |y| <= 1000. Relative error below 3e-9; exact at integers.
template <class D>
D fast_exp2(const D& y) {
  using std::floor;
  using Word = decltype(to_bits(y));
  const D n = floor(y + D(0.5));
  constexpr std::array<double, 7> terms{1.0,
                                        0.6931472067028326,
                                        0.24022650922288758,
                                        0.055503272266703021,
                                        0.0096180566785246381,
                                        0.0013400428177615838,
                                        0.00015461444698569129};
  // An integer in the low bits of a double at 2^52, moved to where the exponent is.
  const Word scale = to_bits(n + D(0x1p52 + 1023)) << 52;
  return polynomial(terms, D(y - n)) * from_bits(scale);
}

/// For a method of order p whose error is E times the tolerance, the next step is
///   0.9 E^(-0.85/p) E_last^(0.2/p) times an accepted one, between 0.2 and 5 times,
///   0.9 E^(-1/p)                  times a rejected one, between 0.2 and 0.95 times.
/// Source: Gustafsson 1991; Hairer and Wanner 1996, section IV.2. D is double or Pack<double>.
template <class D, int p>
class OdeStepControl {
 public:
  /// The factor for the next step; `square` is E^2, not finite where the step went out of range.
  template <class Mask>
  D factor(const D& square, const Mask& accepted) {
    using std::fma;
    const auto max = [](const D& a, const D& b) { return select(a < b, b, a); };
    const auto min = [](const D& a, const D& b) { return select(b < a, b, a); };
    const D log = fast_log2(max(D(1e-20), square));  // nonsense for NaN, and not used then
    const D gain = select(accepted, D(-0.425 / p), D(-0.5 / p));
    const D memory = select(accepted, D(0.1 / p), D(0.0));
    const D wanted = fma(gain, log, fma(memory, last_, D(log2_of_safety)));
    const D most = select(accepted, D(log2_of_5), D(log2_of_95_percent));
    const D bounded = max(D(-log2_of_5), min(most, wanted));
    last_ = select(accepted, max(D(-26.6), log), last_);  // E_last at least 1e-4
    return fast_exp2(select(square < D(1e60), bounded, D(-log2_of_5)));
  }

  /// Forgets the past of these lanes.
  template <class Mask>
  void restart(const Mask& lanes) {
    last_ = select(lanes, D(0.0), last_);
  }

 private:
  static constexpr double log2_of_safety = -0.15200309344504997;
  static constexpr double log2_of_5 = 2.3219280948873623;
  static constexpr double log2_of_95_percent = -0.074000581443776775;
  D last_ = D(0.0);  // log2 of the square of the last accepted error
};

}  // namespace detail
}  // namespace stochflow
