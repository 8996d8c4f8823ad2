#pragma once

// Splittings of underdamped Langevin dynamics, named by strings. The equation falls into three
// parts that are solved exactly, each for its share of the step, in the order of the letters:
//
//   A  x += h v                              "R" in the notation of openmmtools
//   B  v -= h u grad U(x)                    "V"
//   O  v  = e^{-gamma h} v + rho (phi_1(2 gamma h))^{1/2} W        friction and noise
//
// A letter that occurs n times gets h/n each time. BAOAB is the one to start with: for a given step
// it samples positions best. Written in the program the string is compiled,
// FixedSplitting<"OBABO">; read at run time it is Splitting("V R O R V"). The coefficients belong
// to the step at hand, so a shortened last step is as right as the others.
//
// A run of BAOAB or OBABO evaluates one gradient a step: the last of a step is the first of the
// next.
//
// Weak order 2 for strings that read the same backwards, else 1; strong order 1 always, since the
// noise of x within a step is not resolved: for paths take UBU, ALIGN or QUICSORT.
// Sources: Bussi and Parrinello 2007 (OBABO); Leimkuhler and Matthews, Appl. Math. Res. Express
// 2013.

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "stochflow/facts.hpp"
#include "stochflow/langevin/gradient_memory.hpp"
#include "stochflow/langevin/phi_functions.hpp"
#include "stochflow/langevin/underdamped.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {
namespace detail {

/// "V R O R V" and "BAOAB" as the same letters; '?' for what is neither a letter nor a space.
constexpr char splitting_letter(char c) {
  if (c == 'A' || c == 'R') return 'A';
  if (c == 'B' || c == 'V') return 'B';
  return c == 'O' ? 'O' : '?';
}

struct LetterCount {
  int A = 0, B = 0, O = 0;
  bool known = true;

  constexpr explicit LetterCount(std::string_view letters) {
    for (const char c : letters) {
      if (c == ' ') continue;
      const char letter = splitting_letter(c);
      (letter == 'A' ? A : letter == 'B' ? B : O) += letter != '?';
      known = known && letter != '?';
    }
  }
};

constexpr bool same_backwards(std::string_view letters) {
  for (std::size_t i = 0; i < letters.size() / 2; ++i) {
    if (letters[i] != letters[letters.size() - 1 - i]) return false;
  }
  return true;
}

/// Independent increments over equal parts of the step, as many as the noise has variables. They
/// have the law of a Brownian motion's and add up to W; they are not those of the path itself.
template <class V>
std::array<V, 1> independent_parts(const Increment<V>& dB) {
  return {dB.W};
}
template <class V>
std::array<V, 2> independent_parts(const SpaceTimeIncrement<V>& dB) {
  // The last part as the rest: a sum beside a difference of the same numbers is what GCC 12 fuses
  // into one instruction even under -ffp-contract=off, with other bits.
  const V first = V(0.5 * dB.W + std::sqrt(3.0) * dB.H);
  return {first, V(dB.W - first)};
}
template <class V>
std::array<V, 3> independent_parts(const SpaceTimeTimeIncrement<V>& dB) {
  const V third = V(dB.W / 3.0), lean = V(std::sqrt(2.0) * dB.H), bend = V(std::sqrt(40.0) * dB.K);
  const V first = V(third + lean + bend), middle = V(third - 2.0 * bend);
  return {first, middle, V(dB.W - first - middle)};
}

/// Whether x does not move after the last B nor before the first, so that a step can begin with the
/// gradient that ended the one before: BAOAB, OBABO.
constexpr bool ends_with_its_first_gradient(std::string_view letters) {
  std::string_view moves = letters;
  while (moves.starts_with('O')) moves.remove_prefix(1);
  while (moves.ends_with('O')) moves.remove_suffix(1);
  return moves.starts_with('B') && moves.ends_with('B');
}

/// New gradients in a step of a run.
constexpr int gradients_a_step(std::string_view letters) {
  int gradients = 0;
  bool known = ends_with_its_first_gradient(letters);
  for (const char letter : letters) {
    if (letter == 'B') gradients += !known;
    if (letter != 'O') known = letter == 'B';
  }
  return gradients;
}

/// The step for canonical letters A, B, O; parts[k] is the noise of the k-th O. `gradient` is that
/// at the last x for which it was evaluated; `known` says whether this is the x at the start.
template <class P, class S, class Parts, class X>
S splitting_step(std::string_view letters,
                 const P& sde,
                 S s,
                 double h,
                 const Parts& parts,
                 X& gradient,
                 bool known) {
  const LetterCount count(letters);
  const double a = h / count.A, b = h * sde.u() / count.B;
  const double z = sde.gamma() * h / count.O;
  const double damping = std::exp(-z), intensity = sde.rho() * std::sqrt(PhiFunctions(2 * z)[1]);
  std::size_t k = 0;
  for (const char letter : letters) {
    if (letter == 'A') {
      s.x = X(s.x + a * s.v);
      known = false;
    } else if (letter == 'B') {
      if (!known) gradient = sde.gradient(s.x);
      s.v = X(s.v - b * gradient);
      known = true;
    } else {
      s.v = X(damping * s.v + intensity * parts[k++]);
    }
  }
  return s;
}

/// The text of a template argument.
template <std::size_t N>
struct SplittingText {
  char text[N]{};
  constexpr SplittingText(const char (&letters)[N]) {  // NOLINT: a string literal is one
    for (std::size_t i = 0; i < N; ++i) text[i] = letters[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace detail

/// A splitting known when the program is compiled. At most three O.
template <detail::SplittingText Text>
class FixedSplitting {
  static constexpr detail::LetterCount count{Text.view()};
  static_assert(count.known,
                "The letters of a splitting are A (or R), B (or V) and O: BAOAB, or V R O R V.");
  static_assert(count.A > 0 && count.B > 0 && count.O > 0,
                "A splitting needs each of A (positions), B (force) and O (friction and noise) at "
                "least once.");
  static_assert(count.O <= 3,
                "A splitting has at most three O: one step has three noises W, H, K.");

  static constexpr std::size_t length = static_cast<std::size_t>(count.A + count.B + count.O);
  static constexpr std::array<char, length> letters = [] {
    std::array<char, length> canonical{};
    std::size_t n = 0;
    for (const char c : Text.view()) {
      if (c != ' ') canonical[n++] = detail::splitting_letter(c);
    }
    return canonical;
  }();
  static constexpr std::string_view name{letters.data(), length};

 public:
  static constexpr MethodFacts facts{.name = name,
                                     .reference = "Leimkuhler and Matthews 2013",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1},
                                     .weak = {.additive = detail::same_backwards(name) ? 2.0 : 1.0},
                                     .drift_evaluations = detail::gradients_a_step(name),
                                     .diffusion_evaluations = 1,
                                     .needs = count.O == 1   ? NoiseInput::W
                                              : count.O == 2 ? NoiseInput::WH
                                                             : NoiseInput::WHK};

  template <class P, class S, class Noise>
  S step(const P& sde, const S& s, double, double h, const Noise& dB) const {
    detail::PositionsOf<P, S> gradient = s.x;
    return detail::splitting_step(name, sde, s, h, detail::independent_parts(dB), gradient, false);
  }

  template <class P, class S>
  auto start(const P& sde, const S& s, double) const
      requires(detail::ends_with_its_first_gradient(name)) {
    return GradientMemory<detail::PositionsOf<P, S>>{sde.gradient(s.x)};
  }
  template <class P, class S, class Noise, class X>
  S step(const P& sde, const S& s, double, double h, const Noise& dB, GradientMemory<X>& memory)
      const {
    return detail::splitting_step(
        name, sde, s, h, detail::independent_parts(dB), memory.gradient, true);
  }
};

using BAOAB = FixedSplitting<"BAOAB">;
using OBABO = FixedSplitting<"OBABO">;
using OABAO = FixedSplitting<"OABAO">;

/// A splitting read at run time. Gives what the FixedSplitting of the same letters gives.
class Splitting {
 public:
  static constexpr MethodFacts facts{.name = "Splitting",
                                     .reference = "Leimkuhler and Matthews 2013",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1},
                                     .weak = {.additive = 1},
                                     .drift_evaluations = 1,
                                     .diffusion_evaluations = 1,
                                     .needs = NoiseInput::WHK};

  explicit Splitting(std::string_view text) {
    const detail::LetterCount count(text);
    const auto refuse = [&](const std::string& why) {
      throw std::invalid_argument("Splitting: \"" + std::string(text) + "\" " + why +
                                  ": give a string such as \"BAOAB\" or \"V R O R V\"");
    };
    if (!count.known) {
      refuse(
          "has a letter other than A (or R), B (or V), O and spaces; force groups and Metropolis "
          "blocks do not exist here");
    }
    if (count.A == 0) refuse("has no A (or R), so positions would never move");
    if (count.B == 0) refuse("has no B (or V), so the force would never act");
    if (count.O == 0) refuse("has no O, so there would be neither friction nor noise");
    if (count.O > 3) refuse("has more than three O, and one step has three noises W, H, K");
    for (const char c : text) {
      if (c != ' ') letters_ += detail::splitting_letter(c);
    }
    noises_ = count.O;
    reuses_ = detail::ends_with_its_first_gradient(letters_);
  }

  /// In A, B and O, without spaces.
  const std::string& letters() const { return letters_; }
  /// 2 for letters that read the same backwards, else 1.
  double weak_order() const { return detail::same_backwards(letters_) ? 2 : 1; }

  /// New gradients in a step of a run.
  int gradients_a_step() const { return detail::gradients_a_step(letters_); }

  template <class P, class S, class V>
  S step(const P& sde, const S& s, double, double h, const SpaceTimeTimeIncrement<V>& dB) const {
    detail::PositionsOf<P, S> gradient = s.x;
    return run(sde, s, h, dB, gradient, false);
  }

  template <class P, class S>
  auto start(const P& sde, const S& s, double) const {
    // Not every string has use for it; the others keep what is there.
    return GradientMemory<detail::PositionsOf<P, S>>{reuses_ ? sde.gradient(s.x) : s.x};
  }
  template <class P, class S, class V, class X>
  S step(const P& sde,
         const S& s,
         double,
         double h,
         const SpaceTimeTimeIncrement<V>& dB,
         GradientMemory<X>& memory) const {
    return run(sde, s, h, dB, memory.gradient, reuses_);
  }

 private:
  template <class P, class S, class V, class X>
  S run(const P& sde,
        const S& s,
        double h,
        const SpaceTimeTimeIncrement<V>& dB,
        X& gradient,
        bool known) const {
    const auto with = [&](const auto& noise) {
      return detail::splitting_step(
          letters_, sde, s, h, detail::independent_parts(noise), gradient, known);
    };
    if (noises_ == 1) return with(Increment<V>{dB.W});
    if (noises_ == 2) return with(SpaceTimeIncrement<V>{dB.W, dB.H});
    return with(dB);
  }

  std::string letters_;
  int noises_ = 0;
  bool reuses_ = false;
};

}  // namespace stochflow
