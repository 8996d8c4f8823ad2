#pragma once

// The subcommands of the `stochflow` program: one file apps/NAME.cpp, one function add_NAME, which
// registers the subcommand's options and its callback with CLI11. A callback throws UsageError for
// a mistake in the command line (exit code 2) and any other std::exception for a failure (exit code
// 1); main.cpp turns both into one sentence on standard error.

#include <string>
#include <vector>

#include "support/errors.hpp"

namespace CLI {
class App;
}

namespace stochflow::apps {

void add_colourise(CLI::App& app);
void add_conditional(CLI::App& app);
void add_convergence(CLI::App& app);
void add_data(CLI::App& app);
void add_demo(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_identify(CLI::App& app);
void add_inpaint(CLI::App& app);
void add_interpolate(CLI::App& app);
void add_likelihood(CLI::App& app);
void add_sample(CLI::App& app);
void add_simulate(CLI::App& app);
void add_super_resolve(CLI::App& app);
void add_train(CLI::App& app);
void add_work_precision(CLI::App& app);

using AddCommand = void (*)(CLI::App&);
/// The subcommands of this build, in alphabetical order. Those on the diffusion layer are absent
/// when it was configured with -DSTOCHFLOW_DIFFUSION=OFF.
std::vector<AddCommand> command_list();
/// The names of these.
std::vector<std::string> absent_commands();

}  // namespace stochflow::apps
