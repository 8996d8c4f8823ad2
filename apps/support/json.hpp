#pragma once

// What `--json FILE` writes: one object with everything needed to check or repeat a run. A command
// starts from run_record, fills `results` and `wall_seconds`, and hands it to write_json.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace stochflow::apps {

/// "0.1.0"
std::string version();

/// {command, inputs, versions, seed, wall_seconds, results}: `seed` is copied from inputs (null
/// when there is none), `wall_seconds` and `results` are null until the command sets them.
nlohmann::json run_record(const std::string& command, nlohmann::json inputs);

/// Pretty-printed, written under a temporary name, then renamed. Throws std::runtime_error.
void write_json(const std::filesystem::path& file, const nlohmann::json& value);

}  // namespace stochflow::apps
