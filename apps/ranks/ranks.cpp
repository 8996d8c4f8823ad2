#include "ranks/ranks.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "support/errors.hpp"

#ifdef STOCHFLOW_HAS_MPI
#include "stochflow/ensemble/mpi.hpp"
#endif

namespace stochflow::apps {
namespace {

template <class Ranks, class InRounds>
Crew crew_of(const Ranks& ranks, const InRounds& in_rounds) {
  return {.rank = ranks.rank(),
          .ranks = ranks.size(),
          .processors = ranks.processors(),
          .in_rounds = in_rounds,
          .meet = [&ranks](const Crew::Produce& produce, const Crew::Join& join) {
            return ranks.meet(produce, join, [](const std::string& all) { return all; });
          }};
}

}  // namespace

Crew alone() {
  static const OneProcess process;
  return crew_of(process, [](const RoundOptions& rounds) { return in_rounds(rounds); });
}

std::vector<std::string> gather(const Crew& crew, const Crew::Produce& produce) {
  // Each with its length before it, so that joining is writing one behind the other.
  const std::string all = crew.meet(
      [&] {
        const std::string own = produce();
        const std::uint64_t length = own.size();
        std::string bytes(sizeof length, '\0');
        std::memcpy(bytes.data(), &length, sizeof length);
        return bytes + own;
      },
      [](const std::string& left, const std::string& right) { return left + right; });
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < all.size();) {
    std::uint64_t length = 0;
    std::memcpy(&length, all.data() + at, sizeof length);
    at += sizeof length;
    parts.push_back(all.substr(at, length));
    at += length;
  }
  return parts;
}

#ifdef STOCHFLOW_HAS_MPI

void with_crew(const std::function<void(const Crew&)>& body) {
  if (!mpi::launched()) return body(alone());
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
        body(crew_of(ranks, [&](const RoundOptions& rounds) { return in_rounds(ranks, rounds); }));
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
  body(alone());
}

#endif

}  // namespace stochflow::apps
