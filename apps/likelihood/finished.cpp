#include "likelihood/finished.hpp"

#include "likelihood/settings.hpp"
#include "ranks/shares.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What ranks of a run that was killed left beside `file`.
std::vector<fs::path> leftovers(const fs::path& file) {
  const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  const std::string start = file.filename().string() + ".rank";
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(start)) found.push_back(entry.path());
  }
  return found;
}

}  // namespace

Finished::Finished(const LikelihoodRequest& request, const Crew& crew)
    : request_(request), crew_(crew) {
  if (request.results.empty()) return;
  const auto kept = of_every_rank(crew, [&] {
    if (!crew.leads()) return std::vector<json>();
    ledger_.emplace(request.results, settings_of(request));
    std::vector<json> entries = ledger_->entries();
    for (const fs::path& file : leftovers(request.results)) {
      const Ledger left(file, settings_of(request));
      for (const json& entry : left.entries()) {
        ledger_->append(entry);
        entries.push_back(entry);
      }
      fs::remove(file);
    }
    return entries;
  });
  for (const json& entry : kept[0]) take(entry);
}

void Finished::take(const json& entry) {
  const ScoredImage image = image_of(entry);
  if (image.image >= request_.first && image.image < request_.last) images_[image.image] = image;
}

fs::path Finished::own_file() const {
  fs::path file = request_.results;
  return crew_.leads() ? file : file += ".rank" + std::to_string(crew_.rank);
}

void Finished::add(const ScoredImage& image) {
  images_[image.image] = image;
  fresh_.push_back(entry_of(image));
  if (request_.results.empty()) return;
  if (!ledger_) ledger_.emplace(own_file(), settings_of(request_));
  ledger_->append(fresh_.back());
}

void Finished::exchange() {
  const auto added = of_every_rank(crew_, [&] { return fresh_; });
  for (std::size_t rank = 0; rank < added.size(); ++rank) {
    for (const json& entry : added[rank]) {
      take(entry);
      if (crew_.leads() && rank > 0 && ledger_) ledger_->append(entry);
    }
  }
  fresh_.clear();
  of_every_rank(crew_, [] { return true; });  // rank 0 has written before the others forget
  if (!crew_.leads() && ledger_) {
    ledger_.reset();
    fs::remove(own_file());
  }
}

}  // namespace stochflow::apps
