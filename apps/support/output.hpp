#pragma once

// Where results go. Every command calls prepare_output for each of its files before it computes
// anything, so that an unwritable folder costs nothing, and writes through write_atomically, so
// that an interrupted run leaves either the old file or the new one and never half of it.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace stochflow::apps {

/// Creates the missing folders above `file` and checks that a file can be created there. Throws
/// std::runtime_error with one sentence otherwise.
void prepare_output(const std::filesystem::path& file);

/// The same for a folder that will hold several files.
void prepare_output_folder(const std::filesystem::path& folder);

/// Writes `bytes` under a temporary name beside `file`, then renames. Throws std::runtime_error.
void write_atomically(const std::filesystem::path& file, std::string_view bytes);

/// The same for writers that need a file name of their own: `write(temporary)` creates the file.
void write_atomically_with(const std::filesystem::path& file,
                           const std::function<void(const std::filesystem::path&)>& write);

/// The whole file as bytes. Throws std::runtime_error naming the file.
std::string read_file(const std::filesystem::path& file);

}  // namespace stochflow::apps
