#pragma once

// A file of finished results, one JSON object a line, written as they come: what makes a run of
// hours survive a kill. The first line says under which settings they were computed; a file of
// other settings is refused, a line that the kill cut short is dropped.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/output.hpp"

namespace stochflow::apps {

class Ledger {
 public:
  /// Opens or creates `file`. Throws std::runtime_error when it holds results of other settings, or
  /// is not such a file.
  Ledger(const std::filesystem::path& file, const nlohmann::json& settings) : file_(file) {
    prepare_output(file);
    if (std::filesystem::exists(file) && std::filesystem::file_size(file) > 0) {
      read(settings);
      out_.open(file, std::ios::app | std::ios::binary);
    } else {
      out_.open(file, std::ios::trunc | std::ios::binary);
      append(settings);
    }
  }

  /// What was there when it was opened.
  const std::vector<nlohmann::json>& entries() const { return entries_; }

  /// Adds a line and hands it to the operating system at once.
  void append(const nlohmann::json& entry) {
    out_ << entry.dump() << '\n' << std::flush;
    if (!out_) throw std::runtime_error("cannot write to '" + file_.string() + "'");
  }

 private:
  void read(const nlohmann::json& settings) {
    const std::string text = read_file(file_);
    std::size_t good = 0;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      if (end == std::string::npos) break;
      const auto line = nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                              text.begin() + static_cast<std::ptrdiff_t>(end),
                                              nullptr,
                                              false);
      if (line.is_discarded() || !line.is_object()) break;
      if (begin == 0) {
        if (line != settings) {
          throw std::runtime_error(
              "'" + file_.string() + "' holds results of other settings: " + line.dump() +
              ", but these are " + settings.dump() + ": name another file, or remove it");
        }
      } else {
        entries_.push_back(line);
      }
      begin = good = end + 1;
    }
    if (good == 0) {
      throw std::runtime_error("'" + file_.string() + "' is not a file of results: name another");
    }
    std::filesystem::resize_file(file_, good);
  }

  std::filesystem::path file_;
  std::vector<nlohmann::json> entries_;
  std::ofstream out_;
};

}  // namespace stochflow::apps
