#pragma once

// Included by the source files of this folder only: see ../proofs.hpp.

#include "convergence/proofs.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow::apps {

template <Noise N>
std::vector<MethodProofs> proofs_with_noise() {
  std::vector<MethodProofs> list;
  verify::for_each_type<verify::Methods>([&](auto method) {
    using M = decltype(method);
    if constexpr (M::facts.claims(N)) {
      list.push_back({std::string(M::facts.name), [] { return verify::prove_all<N>(M{}); }});
    }
  });
  return list;
}

}  // namespace stochflow::apps
