#pragma once

// What ranks tell one another, as JSON: one value each, or the entries of a list that they share
// out among them. NaN stays NaN and every other number keeps its bits.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ranks/ranks.hpp"

namespace stochflow::apps {

/// The value that `produce` returns on each rank, in their order, on every rank.
template <class Produce>
std::vector<nlohmann::json> of_every_rank(const Crew& crew, const Produce& produce) {
  const std::vector<std::string> parts = gather(crew, [&] {
    const auto bytes = nlohmann::json::to_cbor(nlohmann::json(produce()));
    return std::string(bytes.begin(), bytes.end());
  });
  std::vector<nlohmann::json> values;
  for (const std::string& part : parts) values.push_back(nlohmann::json::from_cbor(part));
  return values;
}

/// The positions of 0 ... n - 1 that are this rank's.
inline std::vector<std::size_t> share(const Crew& crew, std::size_t n) {
  std::vector<std::size_t> mine;
  for (auto i = static_cast<std::size_t>(crew.rank); i < n;
       i += static_cast<std::size_t>(crew.ranks)) {
    mine.push_back(i);
  }
  return mine;
}

/// `work(mine)` returns one entry for each of the positions `mine`; every rank gets all n, in
/// order.
template <class Work>
std::vector<nlohmann::json> shared_out(const Crew& crew, std::size_t n, const Work& work) {
  const auto parts = of_every_rank(crew, [&] { return work(share(crew, n)); });
  std::vector<nlohmann::json> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(parts[i % parts.size()].at(i / parts.size()));
  return all;
}

}  // namespace stochflow::apps
