// The `stochflow` program: parses the command line, runs one subcommand and turns whatever goes
// wrong into one sentence on standard error. Exit code 0: done; 1: the work failed, or a check did
// not hold; 2: the command line is wrong.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "support/json.hpp"

namespace {

using namespace stochflow::apps;

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// A misspelt subcommand is the commonest mistake, and CLI11 would call it an unexpected argument.
void check_subcommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const std::string asked = argv[1];
  for (const std::string& name : names_of(app)) {
    if (name == asked) return;
  }
  for (const std::string name : {"likelihood", "sample", "train"}) {
    if (name == asked) {
      throw std::runtime_error(
          "'" + name + "' needs the diffusion layer, and this program was built without LibTorch");
    }
  }
  throw unknown_name("subcommand", asked, names_of(app));
}

int run(int argc, char** argv) {
  CLI::App app{"Stochastic differential equations and diffusion models", "stochflow"};
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  for (const AddCommand add : command_list()) add(app);
  try {
    check_subcommand(app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    std::cerr << "stochflow: " << error.what() << '\n';
    std::cerr << "Try `stochflow --help` or `stochflow SUBCOMMAND --help`.\n";
    return 2;
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    std::cerr << "stochflow: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "stochflow: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
