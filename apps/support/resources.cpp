#include "support/resources.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "support/errors.hpp"

namespace stochflow::apps {

std::filesystem::path resource(const std::string& name) {
  namespace fs = std::filesystem;
  std::vector<fs::path> folders;
  if (const char* share = std::getenv("STOCHFLOW_SHARE"); share && *share) {
    folders.emplace_back(share);
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back(program.parent_path().parent_path() / "share" / "stochflow");
  folders.emplace_back(STOCHFLOW_SOURCE_FOLDER);
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / name)) return folder / name;
  }
  throw std::runtime_error("the file '" + name +
                           "' that comes with stochflow was not found; set "
                           "STOCHFLOW_SHARE to the folder that holds it (apps/ of the repository)");
}

std::filesystem::path or_shipped(const std::filesystem::path& file, const std::string& standard) {
  if (file.empty()) return resource("pretrained/" + standard);
  const bool name_only = !file.has_parent_path() && !file.has_extension();
  if (!name_only || std::filesystem::exists(file)) return file;
  const std::filesystem::path folder = resource("pretrained");
  std::vector<std::string> known;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".safetensors") known.push_back(path.stem().string());
  }
  std::sort(known.begin(), known.end());
  if (std::find(known.begin(), known.end(), file.string()) == known.end()) {
    throw unknown_name("network", file.string(), known);
  }
  return folder / (file.string() + ".safetensors");
}

}  // namespace stochflow::apps
