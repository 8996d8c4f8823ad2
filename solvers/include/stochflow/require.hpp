#pragma once

// Whether a method fits a problem, said in words at compile time.

#include "stochflow/facts.hpp"

namespace stochflow::detail {

template <class P, class M>
constexpr void require_compatible() {
  constexpr MethodFacts facts = M::facts;
  static_assert(facts.solves(P::calculus, P::noise) || P::calculus == Calculus::stratonovich,
                "This method solves Stratonovich equations and the problem is Ito: convert it, "
                "to_stratonovich(problem) of stochflow/convert.hpp, or take a method for Ito "
                "equations such as EulerMaruyama or Milstein.");
  static_assert(facts.solves(P::calculus, P::noise) || P::calculus == Calculus::ito,
                "This method solves Ito equations and the problem is Stratonovich: convert it, "
                "to_ito(problem) of stochflow/convert.hpp, or take a method for Stratonovich "
                "equations such as Heun.");
  static_assert(facts.claims(P::noise),
                "This method claims no order for the noise structure that the problem declares: "
                "see docs/methods.md, or take EulerMaruyama (Ito) or Heun (Stratonovich), which "
                "accept every noise.");
}

}  // namespace stochflow::detail
