#pragma once

// The explicit pairs of stochflow/ode/explicit_pairs.hpp in one type whatever their number of
// stages, so that a program can choose among them while it runs. Used by AdaptiveBatch; for single
// systems take Boost.Odeint's steppers.

#include <array>
#include <cstddef>
#include <string_view>

#include "stochflow/ode/explicit_pairs.hpp"

namespace stochflow::diffusion {

inline constexpr std::size_t max_stages = 13;

struct Tableau {
  std::string_view name;
  std::size_t stages = 0;
  int order = 0;        // of the method
  int error_order = 0;  // of its companion
  std::array<double, max_stages> c{};
  std::array<std::array<double, max_stages>, max_stages> a{};  // the last row is b
  std::array<double, max_stages> e{};
};

template <std::size_t s>
constexpr Tableau tableau_of(std::string_view name, const ExplicitPair<s>& pair) {
  static_assert(s <= max_stages);
  Tableau t{.name = name, .stages = s, .order = pair.order, .error_order = pair.error_order};
  for (std::size_t i = 0; i < s; ++i) {
    t.c[i] = pair.c[i];
    t.e[i] = pair.e[i];
    for (std::size_t j = 0; j < i; ++j) t.a[i][j] = pair.a[i][j];
  }
  return t;
}

/// Order 3, three evaluations a step.
inline constexpr Tableau bogacki_shampine32 =
    tableau_of("bogacki-shampine32", bogacki_shampine_pair);
/// Order 5, six evaluations a step.
inline constexpr Tableau dormand_prince54 = tableau_of("dormand-prince54", dormand_prince_54);
/// Order 5, six evaluations a step, smaller error constants.
inline constexpr Tableau tsitouras54 = tableau_of("tsitouras54", tsitouras_pair);
/// Order 8, twelve evaluations a step, with the estimate of order 5 alone: for tight tolerances.
inline constexpr Tableau dormand_prince853 = tableau_of("dormand-prince853", dormand_prince_853);

}  // namespace stochflow::diffusion
