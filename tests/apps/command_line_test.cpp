// The program from outside: exit codes, the sentences on standard error, the files left behind.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/support/program.hpp"
#include "apps/support/temporary_folder.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;

/// The run ends with this code, says each of the words, and says it in one or two lines.
void expect_sentence(const std::string& arguments,
                     int exit_code,
                     const std::vector<std::string>& words) {
  const Ending result = run(arguments);
  EXPECT_EQ(result.exit_code, exit_code) << arguments << '\n' << result.output;
  for (const std::string& word : words) {
    EXPECT_NE(result.output.find(word), std::string::npos) << arguments << '\n' << result.output;
  }
  EXPECT_LE(std::count(result.output.begin(), result.output.end(), '\n'), 2) << result.output;
}

TEST(CommandLine, HelpAndVersionSucceed) {
  EXPECT_EQ(run("--help").exit_code, 0);
  EXPECT_EQ(run("--version").exit_code, 0);
  const Ending help = run("simulate --help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("kappa=2"), std::string::npos) << help.output;
}

TEST(CommandLine, MistakesAreSentencesWithExitCode2) {
  expect_sentence("", 2, {"subcommand"});
  expect_sentence("simulat", 2, {"unknown subcommand 'simulat'", "convergence", "simulate"});
  expect_sentence("data", 2, {"subcommand of data is needed", "mnist"});
  expect_sentence("data cifar", 2, {"unknown subcommand 'cifar'", "mnist"});
  expect_sentence("simulate gmb", 2, {"unknown model 'gmb'", "gbm", "heston", "ou"});
  expect_sentence("simulate gbm --method Euler", 2, {"unknown method", "EulerMaruyama"});
  expect_sentence("simulate gbm --set nu=1", 2, {"unknown parameter", "mu", "sigma"});
  expect_sentence("simulate gbm --set mu=fast", 2, {"name=number", "mu=fast"});
  expect_sentence("simulate gbm --start 1,2", 2, {"1 components", "found 2"});
  expect_sentence("simulate gbm --paths -5", 2, {"--paths"});
  expect_sentence("simulate gbm --paths many", 2, {"--paths"});
  expect_sentence("simulate gbm --t1 inf", 2, {"--t1", "positive number", "'inf'"});
  expect_sentence("simulate gbm --seed -1", 2, {"--seed", "at least 0", "'-1'"});
  expect_sentence("simulate gbm --start nan", 2, {"finite"});
  expect_sentence("simulate gbm --no-such-option", 2, {"--no-such-option"});
  expect_sentence("simulate gbm --plot a.pdf", 2, {".svg or .png"});
  expect_sentence("convergence --problem oh", 2, {"unknown problem 'oh'", "gbm"});
  expect_sentence("work-precision --problem oh", 2, {"unknown problem 'oh'", "gbm"});
  expect_sentence("convergence --method Euler", 2, {"unknown method 'Euler'", "EulerMaruyama"});
  expect_sentence("convergence --paths 3", 2, {"--paths"});
}

TEST(CommandLine, UnwritablePlacesAreRefusedBeforeComputing) {
  // So many paths that computing first would outlast the test's time limit.
  const std::string long_run = "convergence --problem gbm --paths 100000000000 ";
  expect_sentence(long_run + "--json /proc/nowhere/a.json", 1, {"cannot write", "/proc/nowhere"});
  expect_sentence(long_run + "--plot /proc/nowhere/a.svg", 1, {"cannot write", "/proc/nowhere"});
  expect_sentence("simulate ou --steps 100000000 --out /proc/nowhere", 1, {"cannot write"});
}

#ifdef STOCHFLOW_HAS_DIFFUSION
TEST(CommandLine, MistakesAboutNetworksAreSentencesToo) {
  expect_sentence("sample --method euler", 2, {"unknown method 'euler'", "unipc"});
  expect_sentence("sample --solver rk4", 2, {"unknown solver 'rk4'", "tsit5"});
  expect_sentence("likelihood --images 7", 2, {"FIRST:LAST", "'7'"});
  expect_sentence("likelihood --images 7:3", 2, {"FIRST < LAST", "7:3"});
  expect_sentence("likelihood --solver odeint --probe-changes 4", 2, {"per-image"});
  expect_sentence("inpaint --seen half", 2, {"unknown mask 'half'", "upper"});
  expect_sentence("inpaint --method magic", 2, {"unknown method 'magic'", "mmps"});
  expect_sentence("super-resolve --factor 3", 2, {"--factor"});
  expect_sentence("super-resolve --method repaint --steps 1", 2, {"mmps"});
  expect_sentence("interpolate --images 1,2,3", 2, {"pairs", "found 3"});
  expect_sentence("identify", 2, {"--other"});
  expect_sentence("identify --other a --images 3:4", 2, {"two images"});
  expect_sentence(
      "likelihood --dequantise normal", 2, {"unknown dequantisation", "truncated-normal"});
  expect_sentence("likelihood --importance 4", 2, {"--trace exact", "noise"});
  expect_sentence("likelihood --clock sundial", 2, {"unknown clock 'sundial'", "log-sigma"});
}
#endif

TEST(CommandLine, AMissingFolderIsCreatedAndFilled) {
  const TemporaryFolder folder("command-line");
  const fs::path out = folder / "not/there/yet";
  const Ending result =
      run("simulate cir --paths 200 --steps 20 --times 5 --out '" + out.string() + "'");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  for (const char* file :
       {"result.json", "moments.csv", "values.npy", "fan.svg", "histogram.svg"}) {
    EXPECT_TRUE(fs::exists(out / file)) << file;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 5);
  const auto record = nlohmann::json::parse(read_file(out / "result.json"));
  EXPECT_EQ(record.at("command"), "simulate");
  EXPECT_EQ(record.at("inputs").at("model"), "cir");
  EXPECT_EQ(record.at("seed"), 1);
  EXPECT_GT(record.at("wall_seconds"), 0);
  EXPECT_EQ(record.at("results").at("moments").size(), 5U);
}

TEST(CommandLine, AMistakeLeavesNoFolderBehind) {
  const TemporaryFolder folder("command-line");
  EXPECT_EQ(run("simulate gmb --out '" + (folder / "new").string() + "'").exit_code, 2);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(CommandLine, TheSameSeedGivesTheSameNumbers) {
  const TemporaryFolder folder("command-line");
  const auto values = [&](const std::string& options, const std::string& name) {
    const fs::path file = folder / name;
    const std::string command =
        "simulate ou --paths 600 --steps 10 " + options + " --npy '" + file.string() + "'";
    EXPECT_EQ(run(command).exit_code, 0);
    return read_file(file);
  };
  const std::string first = values("--seed 3 --threads 1", "a.npy");
  EXPECT_EQ(first, values("--seed 3 --threads 2", "b.npy"));
  EXPECT_NE(first, values("--seed 4", "c.npy"));
}

}  // namespace
}  // namespace stochflow::apps
