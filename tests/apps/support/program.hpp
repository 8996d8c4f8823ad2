#pragma once

// The program run from outside.

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace stochflow::apps {

struct Ending {
  int exit_code;
  std::string output;  // standard output and standard error
};

/// The program with these arguments, as a shell takes them.
inline Ending run(const std::string& arguments) {
  const std::string command = std::string("'") + STOCHFLOW_PROGRAM + "' " + arguments + " 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Ending result{-1, {}};
  char buffer[4096];
  while (std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe))
    result.output.append(buffer, n);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

}  // namespace stochflow::apps
