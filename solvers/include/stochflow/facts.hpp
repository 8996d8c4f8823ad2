#pragma once

// The vocabulary shared by problems and methods: calculus, noise structure, and the facts a method
// states about itself. A problem says what it is, a method says what it solves, and require.hpp
// compares the two at compile time. The facts are also what `stochflow convergence` tests and what
// docs/methods.md prints, so that a claim exists in one place only.

#include <array>
#include <string_view>

namespace stochflow {

enum class Calculus { ito, stratonovich };

/// How the Brownian motions enter, from the most to the least special.
///   additive     g does not depend on x
///   scalar       one Brownian motion drives every component
///   diagonal     as many Brownian motions as components, and g_k depends on x_k only
///   commutative  g^j . grad g^k = g^k . grad g^j for all pairs of columns
///   general      none of these: iterated integrals beyond the increments matter
enum class Noise { additive, scalar, diagonal, commutative, general };

inline constexpr std::array<Noise, 5> all_noises{
    Noise::additive, Noise::scalar, Noise::diagonal, Noise::commutative, Noise::general};

constexpr std::string_view name(Calculus calculus) {
  return calculus == Calculus::ito ? "ito" : "stratonovich";
}

constexpr std::string_view name(Noise noise) {
  constexpr std::array<std::string_view, 5> names{
      "additive", "scalar", "diagonal", "commutative", "general"};
  return names[static_cast<std::size_t>(noise)];
}

/// An order of convergence for each noise structure; 0 means that none is claimed.
struct Orders {
  double additive = 0;
  double scalar = 0;
  double diagonal = 0;
  double commutative = 0;
  double general = 0;

  constexpr double operator[](Noise noise) const {
    switch (noise) {
      case Noise::additive:
        return additive;
      case Noise::scalar:
        return scalar;
      case Noise::diagonal:
        return diagonal;
      case Noise::commutative:
        return commutative;
      case Noise::general:
        return general;
    }
    return 0;
  }
};

/// What a method asks of the Brownian path over a step; noise/increment_types.hpp has the types.
///   W            the increment
///   WH           and the space-time area H = (1/h) int_0^h (W_s - (s/h) W) ds
///   WHK          and the space-time-time area K = (1/h^2) int_0^h (W_s - (s/h) W)(h/2 - s) ds
///   WA           the increment and the Lévy areas A_jk = 1/2 int (W^j dW^k - W^k dW^j)
///   two_point    +-sqrt(h) in place of the increment: right in law only, for weak methods
///   three_point  0 or +-sqrt(3 h) in place of the increment, and signs: likewise
enum class NoiseInput { W, WH, WHK, WA, two_point, three_point };

/// What a one-step method states about itself. `strong` and `weak` are global orders.
struct MethodFacts {
  std::string_view name;
  std::string_view reference;
  bool solves_ito = false;
  bool solves_stratonovich = false;
  Orders strong;
  Orders weak;
  int drift_evaluations = 1;
  int diffusion_evaluations = 1;
  NoiseInput needs = NoiseInput::W;
  /// Whether the increments are enough where the drift commutes with the noise (sde.hpp).
  bool areas_cancel = false;
  /// Whether the state decides how many stages a step has, as in stabilised methods: trajectories
  /// in lanes must go through the same ones.
  bool stages_by_state = false;
  /// Whether every stage lies inside the step; where not, coefficients must be defined outside too.
  bool stages_inside_step = true;

  /// With additive noise the two calculi are the same equation, so either kind of method applies.
  constexpr bool solves(Calculus calculus, Noise noise) const {
    return noise == Noise::additive ||
           (calculus == Calculus::ito ? solves_ito : solves_stratonovich);
  }
  constexpr bool claims(Noise noise) const { return strong[noise] > 0 || weak[noise] > 0; }
};

}  // namespace stochflow
