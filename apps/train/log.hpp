#pragma once

// The log of a training run and the curve drawn from it.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/output.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {

/// Test images looked at along the way; the closing validation takes them all.
inline constexpr std::int64_t validation_images = 1000;

/// JSON lines, one a hundred steps and one a validation. A resumed run forgets what came after its
/// checkpoint.
class TrainLog {
 public:
  TrainLog(const std::filesystem::path& file, std::int64_t resumed_at) : file_(file) {
    if (resumed_at > 0 && std::filesystem::exists(file)) {
      std::istringstream old(read_file(file));
      std::string kept;
      for (std::string line; std::getline(old, line);) {
        const nlohmann::json entry = nlohmann::json::parse(line, nullptr, false);
        if (entry.is_discarded() || entry.value("step", resumed_at + 1) > resumed_at) continue;
        // The closing validation is made again.
        if (entry.value("test_images", std::int64_t{0}) > validation_images) continue;
        kept += line + "\n";
        entries_.push_back(entry);
        seconds_ = std::max(seconds_, entry.value("seconds", 0.0));
      }
      write_atomically(file, kept);
    } else {
      write_atomically(file, "");
    }
  }

  void add(nlohmann::json entry) {
    entry["seconds"] = seconds();
    std::ofstream(file_, std::ios::app) << entry.dump() << '\n';
    entries_.push_back(std::move(entry));
  }
  double seconds() const { return seconds_ + watch_.seconds(); }
  const std::vector<nlohmann::json>& entries() const { return entries_; }

 private:
  std::filesystem::path file_;
  std::vector<nlohmann::json> entries_;
  double seconds_ = 0;
  Stopwatch watch_;
};

/// Draws the bounds on training batches and test images over the epochs; nothing before there is
/// one.
void draw_curve(const std::filesystem::path& file, const std::vector<nlohmann::json>& entries);

}  // namespace stochflow::apps
