// XMDS2, a generator of C++ programs for one equation: those of xmds2/*.xmds, generated and
// compiled by the build with the compiler options of XMDS2 itself. A program times itself.

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "question.hpp"

namespace ensembles {

#if defined(STOCHFLOW_XMDS2_PROGRAMS)
namespace {

constexpr double paths_of_program = 20480, steps_of_program = 10000;

std::string name_of(Equation equation) {
  switch (equation) {
    case Equation::gbm:
      return "gbm";
    case Equation::ou:
      return "ou";
    case Equation::heston:
      return "heston";
    case Equation::lorenz:
      return "lorenz";
  }
  return "";
}

/// Runs the program in the folder where its output goes; what it printed.
std::string run(Equation equation) {
  const std::string command =
      std::string("cd '") + STOCHFLOW_XMDS2_PROGRAMS + "' && ./xmds2_" + name_of(equation);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 256> line;
  while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) text += line.data();
  return text;
}

}  // namespace

double xmds2(Equation equation, std::uint64_t, std::int64_t) {
  run(equation);
  // The file's last table: time and sum over the trajectories, from t = 1 on.
  std::ifstream file(std::string(STOCHFLOW_XMDS2_PROGRAMS) + "/" + name_of(equation) + ".xsil");
  double mean = not_done;
  for (std::string line; std::getline(file, line);) {
    if (line.find("Metalink Format=\"Text\"") == std::string::npos) continue;
    double t = 0, sum = 0;
    if (file >> t >> sum) mean = sum / paths_of_program;
    file.clear();
  }
  return mean;
}

double xmds2_ns_per_step(Equation equation) {
  const std::string text = run(equation), announced = "Time elapsed for simulation is: ";
  const auto at = text.find(announced);
  if (at == std::string::npos) return not_done;
  return std::stod(text.substr(at + announced.size())) * 1e9 /
         (paths_of_program * steps_of_program);
}

#else

double xmds2(Equation, std::uint64_t, std::int64_t) { return not_done; }
double xmds2_ns_per_step(Equation) { return not_done; }

#endif

}  // namespace ensembles
