#include "support/picture_or_numbers.hpp"

#include <filesystem>

#include "support/errors.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

bool is_picture(const std::string& file) {
  return std::filesystem::path(file).extension() == ".png";
}

}  // namespace

void prepare_pictures_or_numbers(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (!is_picture(file) && std::filesystem::path(file).extension() != ".npy") {
      throw UsageError("--out writes .png and .npy, found '" + file + "'");
    }
    prepare_output(file);
  }
}

void write_picture_or_numbers(const std::vector<std::string>& files,
                              const Image& picture,
                              const Numbers& numbers) {
  for (const std::string& file : files) {
    is_picture(file) ? write_png(file, picture) : write_npy(file, numbers);
  }
}

}  // namespace stochflow::apps
