// The `stochflow` program: parses the command line, runs one subcommand and turns whatever goes
// wrong into one sentence on standard error. Exit code 0: done; 1: the work failed, or a check did
// not hold; 2: the command line is wrong.

#include <CLI/CLI.hpp>
#include <algorithm>
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

/// A missing or misspelt subcommand is the commonest mistake, and CLI11 lists no valid ones.
void check_subcommands(const CLI::App* app, int argc, char** argv) {
  for (int k = 1; !app->get_subcommands({}).empty(); ++k) {
    const std::vector<std::string> valid = names_of(*app);
    if (k >= argc) {
      throw UsageError("a subcommand of " + app->get_name() + " is needed, one of: " + join(valid));
    }
    const std::string asked = argv[k];
    if (asked.starts_with('-')) return;
    const std::vector<std::string> absent = absent_commands();
    if (k == 1 && std::ranges::find(absent, asked) != absent.end()) {
      throw std::runtime_error("'" + asked +
                               "' needs the diffusion layer, and this program was built without "
                               "LibTorch");
    }
    if (std::ranges::find(valid, asked) == valid.end()) {
      throw unknown_name("subcommand", asked, valid);
    }
    app = app->get_subcommand(asked);
  }
}

int run(int argc, char** argv) {
  CLI::App app{"Stochastic differential equations and diffusion models", "stochflow"};
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  for (const AddCommand add : command_list()) add(app);
  try {
    check_subcommands(&app, argc, argv);
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
