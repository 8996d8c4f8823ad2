#pragma once

// Proofs of order as a table: one row for a method and a problem, `prove(problem, method)`, and all
// problems of a noise structure, `prove_all<Noise::general, Method>()`. What a row rests on is in
// one_step.hpp.

#include <string>
#include <type_traits>
#include <vector>

#include "stochflow/verify/one_step.hpp"
#include "stochflow/verify/one_step_problems.hpp"

namespace stochflow::verify {

struct ProofRow {
  std::string method, problem, calculus, noise;
  int brownian_motions = 0;
  double strong_claimed = 0, weak_claimed = 0;  // 0: nothing claimed
  double strong_proved = 0, weak_proved = 0;    // 0: not claimed, so not looked at
  bool holds = true;                            // neither claim fails
  std::string weakest;                          // the quantities that limit the proved orders
};

/// Whether the claims of a method extend to problem P. A matrix of additive noise is beyond methods
/// that are for one Brownian motion a component.
template <class P, class M>
constexpr bool provable() {
  constexpr MethodFacts facts = M::facts;
  constexpr bool takes_matrices = facts.claims(Noise::commutative) ||
                                  facts.claims(Noise::general) || !facts.claims(Noise::diagonal);
  return facts.solves(P::calculus, P::noise) && facts.claims(P::noise) &&
         (takes_matrices || !std::is_same_v<P, ProveAdditiveMatrix>);
}

template <class P, class M>
ProofRow prove(const P& problem, const M& method, const ProofOptions& options = {}) {
  ProofRow row{.method = std::string(M::facts.name),
               .problem = std::string(P::name),
               .calculus = std::string(name(P::calculus)),
               .noise = std::string(name(P::noise)),
               .brownian_motions = detail::one_step(problem, method, P::x0(), P::t0).noises,
               .strong_claimed = M::facts.strong[P::noise],
               .weak_claimed = M::facts.weak[P::noise],
               .weakest = ""};
  WeakProof weak;
  if constexpr (M::facts.weak[P::noise] > 0) {
    weak = prove_weak(problem, method, options);
    row.weak_proved = weak.order();
    row.holds = weak.holds();
    row.weakest = weak.worst().quantity;
  }
  if constexpr (M::facts.strong[P::noise] > 0) {
    StrongProof strong;
    if (weak.moments.empty()) {
      strong = prove_strong(problem, method, options);
    } else {  // the mean is known already
      strong = {.claimed = row.strong_claimed,
                .mean_square =
                    detail::mean_square_error(detail::one_step(problem, method, P::x0(), P::t0),
                                              local_fields(problem, P::x0(), P::t0),
                                              options),
                .mean = weak.moments.front()};
    }
    row.strong_proved = strong.order();
    row.holds = row.holds && strong.holds();
    row.weakest = strong.weakest().quantity + (row.weakest.empty() ? "" : "; ") + row.weakest;
  }
  return row;
}

/// The rows of `method` on every proof problem with noise N on which it claims an order.
template <Noise N, class M>
std::vector<ProofRow> prove_all(const M& method, const ProofOptions& options = {}) {
  std::vector<ProofRow> rows;
  const auto add = [&](const auto& problem) {
    using P = std::decay_t<decltype(problem)>;
    if constexpr (provable<P, M>()) rows.push_back(prove(problem, method, options));
  };
  std::apply([&](const auto&... problem) { (add(problem), ...); }, ProofProblems<N>{});
  return rows;
}

}  // namespace stochflow::verify
