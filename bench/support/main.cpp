#include <cstdio>
#include <exception>

#include "support/records.hpp"

int main(int argc, char** argv) {
  try {
    return bench::measure(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
