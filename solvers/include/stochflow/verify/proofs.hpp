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
  if constexpr (M::facts.strong[P::noise] > 0) {
    const StrongProof proof = prove_strong(problem, method, options);
    row.strong_proved = proof.order();
    row.holds = proof.holds();
    row.weakest = proof.mean.exponent - 1 < proof.mean_square.exponent - 0.5
                      ? proof.mean.quantity
                      : proof.mean_square.quantity;
  }
  if constexpr (M::facts.weak[P::noise] > 0) {
    const WeakProof proof = prove_weak(problem, method, options);
    row.weak_proved = proof.order();
    row.holds = row.holds && proof.holds();
    row.weakest += (row.weakest.empty() ? "" : "; ") + proof.worst().quantity;
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
