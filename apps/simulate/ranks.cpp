#include "simulate/ranks.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "support/errors.hpp"

#ifdef STOCHFLOW_HAS_MPI
#include "stochflow/ensemble/mpi.hpp"
#endif

namespace stochflow::apps {
namespace {

void alone(const std::function<void(const Crew&)>& body) {
  body({.in_rounds = [](const RoundOptions& rounds) { return in_rounds(rounds); }});
}

}  // namespace

#ifdef STOCHFLOW_HAS_MPI

void with_crew(const std::function<void(const Crew&)>& body) {
  if (!mpi::launched()) return alone(body);
  std::exception_ptr usage;
  bool leads = true;
  try {
    mpi::run([&](const mpi::Ranks& ranks) {
      leads = ranks.rank() == 0;
      if (!leads) {
        std::cout.rdbuf(nullptr);
        std::cerr.rdbuf(nullptr);
      }
      try {
        body({.leads = leads, .ranks = ranks.size(), .in_rounds = [&](const RoundOptions& rounds) {
                return in_rounds(ranks, rounds);
              }});
      } catch (const UsageError&) {
        usage = std::current_exception();
        throw;
      }
    });
  } catch (const mpi::RankFailure&) {
    // The launcher ends all at the first that fails, and only rank 0 can say why.
    if (!leads) return;
    if (usage) std::rethrow_exception(usage);  // a mistake in the command line is no rank's fault
    throw;
  }
}

#else

void with_crew(const std::function<void(const Crew&)>& body) {
  const char* size = std::getenv("OMPI_COMM_WORLD_SIZE");
  if (size != nullptr && std::string(size) != "1") {
    throw std::runtime_error(
        "started as " + std::string(size) +
        " ranks, and this program was built without MPI: install libopenmpi-dev and build it again "
        "with -DSTOCHFLOW_MPI=ON");
  }
  alone(body);
}

#endif

}  // namespace stochflow::apps
