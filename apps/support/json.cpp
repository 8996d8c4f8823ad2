#include "support/json.hpp"

#include <Eigen/Core>
#include <boost/version.hpp>
#include <utility>

#include "support/output.hpp"

namespace stochflow::apps {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

nlohmann::json versions() {
  return {
      {"stochflow", version()},
      {"compiler", "GCC " __VERSION__},
      {"eigen", dotted(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
      {"boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"libtorch", STOCHFLOW_TORCH_VERSION},  // empty when built without the diffusion layer
  };
}

}  // namespace

std::string version() { return STOCHFLOW_VERSION; }

nlohmann::json run_record(const std::string& command, nlohmann::json inputs) {
  nlohmann::json record;
  record["command"] = command;
  record["seed"] = inputs.contains("seed") ? inputs["seed"] : nlohmann::json();
  record["inputs"] = std::move(inputs);
  record["versions"] = versions();
  record["wall_seconds"] = nullptr;
  record["results"] = nullptr;
  return record;
}

void write_json(const std::filesystem::path& file, const nlohmann::json& value) {
  write_atomically(file, value.dump(2) + "\n");
}

}  // namespace stochflow::apps
