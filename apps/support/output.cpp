#include "support/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;

fs::path temporary_name(const fs::path& file) {
  fs::path name = file;
  name.replace_filename("." + file.filename().string() + "." + std::to_string(::getpid()) +
                        ".partial");
  return name;
}

std::runtime_error cannot_write(const fs::path& where, const std::string& why) {
  return std::runtime_error("cannot write to '" + where.string() + "': " + why +
                            "; choose another place for the output");
}

/// Permission bits do not tell the whole truth (root, read-only mounts), so a file is really
/// created.
void check_writable(const fs::path& folder) {
  const fs::path probe = folder / (".stochflow-probe." + std::to_string(::getpid()));
  errno = 0;
  if (!std::ofstream(probe)) throw cannot_write(folder, std::strerror(errno));
  fs::remove(probe);
}

}  // namespace

void prepare_output_folder(const fs::path& folder) {
  const fs::path target = folder.empty() ? fs::path(".") : folder;
  std::error_code error;
  fs::create_directories(target, error);
  if (error) throw cannot_write(target, error.message());
  check_writable(target);
}

void prepare_output(const fs::path& file) {
  if (!file.has_filename()) {
    throw std::runtime_error("'" + file.string() + "' names a folder; a file name is needed");
  }
  if (fs::is_directory(file)) throw cannot_write(file, "it is a folder, and a file is needed");
  prepare_output_folder(file.parent_path());
}

void write_atomically_with(const fs::path& file,
                           const std::function<void(const fs::path&)>& write) {
  const fs::path temporary = temporary_name(file);
  try {
    write(temporary);
    std::error_code error;
    fs::rename(temporary, file, error);
    if (error) throw cannot_write(file, error.message());
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

void write_atomically(const fs::path& file, std::string_view bytes) {
  write_atomically_with(file, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream stream(temporary, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream) throw cannot_write(file, errno ? std::strerror(errno) : "the disk may be full");
  });
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read '" + file.string() + "'");
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  return std::move(bytes).str();
}

}  // namespace stochflow::apps
