#pragma once

// The images that are finished, known to every rank and, where a file is named, kept across
// interruptions. Ranks other than 0 write what they finish to a file of their own, FILE.rank1 and
// so on: lines of several processes in one file would mix. When ranks meet, rank 0 takes them over;
// what a killed run leaves behind, the next one takes over, with any number of ranks.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ledger.hpp"
#include "likelihood.hpp"
#include "ranks/ranks.hpp"

namespace stochflow::apps {

class Finished {
 public:
  /// Called by all ranks together. Throws std::runtime_error as Ledger does.
  Finished(const LikelihoodRequest& request, const Crew& crew);

  const std::map<std::int64_t, ScoredImage>& images() const { return images_; }
  bool knows(std::int64_t image) const { return images_.contains(image); }
  const ScoredImage& of(std::int64_t image) const { return images_.at(image); }

  /// By this rank.
  void add(const ScoredImage& image);
  /// Called by all ranks together, after which all know what any of them added.
  void exchange();

 private:
  std::filesystem::path own_file() const;
  void take(const nlohmann::json& entry);

  const LikelihoodRequest& request_;
  const Crew& crew_;
  std::map<std::int64_t, ScoredImage> images_;
  std::vector<nlohmann::json> fresh_;  // added since the last exchange
  std::optional<Ledger> ledger_;
};

}  // namespace stochflow::apps
