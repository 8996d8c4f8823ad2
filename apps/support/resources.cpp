#include "support/resources.hpp"

#include <cstdlib>
#include <stdexcept>
#include <vector>

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

}  // namespace stochflow::apps
