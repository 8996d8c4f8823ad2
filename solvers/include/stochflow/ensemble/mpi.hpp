#pragma once

// Ensembles on many machines: `options.reduction = in_rounds(ranks, {})` and the same `simulate` or
// `simulate_lanes` on every rank of an MPI program. Every MPI call of the library is in this file;
// only those who include it need MPI (CMake: link stochflow::mpi).
//
//   int main() {
//     stochflow::mpi::run([](const stochflow::mpi::Ranks& ranks) {
//       EnsembleOptions options{.trajectories = 1'000'000'000, .reduction = in_rounds(ranks, {})};
//       const auto result = simulate_lanes(problem, method, x0, grid, options);
//       if (ranks.rank() == 0) ...
//     });
//   }
//
// Trajectories are shared out by their index and reduced along the tree of ensemble/reduction.hpp,
// so the result has the same bits for any number of ranks. When something throws on one rank, all
// throw RankFailure; when a rank is killed, MPI's launcher ends the others, and a checkpoint
// (ensemble/rounds.hpp) resumes, with any number of ranks.

#include <mpi.h>

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "stochflow/ensemble/rounds.hpp"

namespace stochflow::mpi {

/// What every rank throws when one of them failed.
class RankFailure : public std::runtime_error {
 public:
  RankFailure(int rank, int ranks, const std::string& reason)
      : std::runtime_error("rank " + std::to_string(rank) + " of " + std::to_string(ranks) +
                           " failed: " + reason),
        rank_(rank) {}
  int rank() const { return rank_; }

 private:
  int rank_;
};

/// Whether a launcher (mpirun, srun) started this process. Initialising MPI without one takes half
/// a second, so programs that are mostly run alone ask first.
inline bool launched() {
  for (const char* variable :
       {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "MPI_LOCALNRANKS"}) {
    if (std::getenv(variable) != nullptr) return true;
  }
  return false;
}

/// MPI from its initialisation to its end, unless the program initialised it before. MPI is called
/// from the thread that calls the library only. When an exception passes, the end is left out: it
/// would wait for ranks that wait for this one, whereas the launcher ends them.
class Session {
 public:
  Session() {
    int before = 0;
    MPI_Initialized(&before);
    if (before) return;
    int provided = MPI_THREAD_SINGLE;
    if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS ||
        provided < MPI_THREAD_FUNNELED) {
      throw std::runtime_error(
          "MPI could not be initialised with MPI_THREAD_FUNNELED: is the program started by the "
          "mpirun of the MPI that it was built with?");
    }
    ours_ = true;
  }
  ~Session() {
    if (ours_ && std::uncaught_exceptions() == exceptions_) MPI_Finalize();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  bool ours_ = false;
  int exceptions_ = std::uncaught_exceptions();
};

/// The ranks of a communicator, as a crew for in_rounds: made and destroyed by all of them
/// together.
class Ranks {
 public:
  explicit Ranks(MPI_Comm ranks = MPI_COMM_WORLD) {
    check(MPI_Comm_dup(ranks, &ranks_));  // so that no message meets one of the program's own
    MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(ranks_, &rank_);
    MPI_Comm_size(ranks_, &size_);
    MPI_Comm neighbours = MPI_COMM_NULL;
    check(MPI_Comm_split_type(ranks_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &neighbours));
    MPI_Comm_size(neighbours, &on_this_machine_);
    MPI_Comm_free(&neighbours);
  }
  ~Ranks() {
    if (std::uncaught_exceptions() == exceptions_) MPI_Comm_free(&ranks_);
  }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }

  /// This rank's part of its machine, and no more than the launcher bound it to.
  int processors() const {
    const auto all = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    int bound = all;
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) bound = CPU_COUNT(&set);
#endif
    return std::max(1, std::min(bound, all / on_this_machine_));
  }

  /// See OneProcess. log2(size) messages up and as many down; a rank that fails sends its reason
  /// in place of its bytes, so nobody waits for it.
  template <class Produce, class Join, class Conclude>
  std::string meet(const Produce& produce, const Join& join, const Conclude& conclude) const {
    Packet packet;
    attempt(packet, produce);
    for (int stride = 1; stride < size_; stride *= 2) {
      if (rank_ % (2 * stride) != 0) {
        send(rank_ - stride, packet);
        break;
      }
      if (rank_ + stride >= size_) continue;
      Packet next = receive(rank_ + stride);
      if (packet.failed >= 0) continue;
      if (next.failed >= 0) {
        packet = std::move(next);
      } else {
        attempt(packet, [&] { return join(packet.bytes, next.bytes); });
      }
    }
    if (rank_ == 0 && packet.failed < 0) attempt(packet, [&] { return conclude(packet.bytes); });
    broadcast(packet);
    if (packet.failed >= 0) throw RankFailure(packet.failed, size_, packet.bytes);
    return std::move(packet.bytes);
  }

 private:
  struct Packet {
    std::int64_t failed = -1;  // the rank that did, if any
    std::string bytes;         // or the reason
  };

  template <class F>
  void attempt(Packet& packet, const F& make_bytes) const {
    try {
      packet.bytes = make_bytes();
      return;
    } catch (const RankFailure&) {
      throw;  // of a meeting inside this one: everybody knows
    } catch (const std::exception& error) {
      packet.bytes = error.what();
    } catch (...) {
      packet.bytes = "it threw something that is not a std::exception";
    }
    packet.failed = rank_;
  }

  static void check(int code) {
    if (code == MPI_SUCCESS) return;
    std::string text(MPI_MAX_ERROR_STRING, '\0');
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    text.resize(static_cast<std::size_t>(length));
    throw std::runtime_error("MPI: " + text);
  }

  /// transfer(pointer, count, type) for the packet's head and then for its bytes, in pieces,
  /// because MPI counts in ints.
  template <class Transfer>
  static void in_pieces(Packet& packet, const Transfer& transfer) {
    std::int64_t head[2] = {packet.failed, static_cast<std::int64_t>(packet.bytes.size())};
    check(transfer(head, 2, MPI_INT64_T));
    packet.failed = head[0];
    packet.bytes.resize(static_cast<std::size_t>(head[1]));
    constexpr std::int64_t piece = std::int64_t{1} << 30;
    for (std::int64_t at = 0; at < head[1]; at += piece) {
      check(transfer(
          packet.bytes.data() + at, static_cast<int>(std::min(piece, head[1] - at)), MPI_BYTE));
    }
  }
  void send(int to, Packet& packet) const {
    in_pieces(packet, [&](void* data, int count, MPI_Datatype type) {
      return MPI_Send(data, count, type, to, 0, ranks_);
    });
  }
  Packet receive(int from) const {
    Packet packet;
    in_pieces(packet, [&](void* data, int count, MPI_Datatype type) {
      return MPI_Recv(data, count, type, from, 0, ranks_, MPI_STATUS_IGNORE);
    });
    return packet;
  }
  void broadcast(Packet& packet) const {
    in_pieces(packet, [&](void* data, int count, MPI_Datatype type) {
      return MPI_Bcast(data, count, type, 0, ranks_);
    });
  }

  MPI_Comm ranks_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, on_this_machine_ = 1;
  int exceptions_ = std::uncaught_exceptions();
};

/// body() on every rank. When it throws on one of them, all throw RankFailure, also those that wait
/// for that rank in an ensemble inside: what happens on some ranks only (reading or writing files)
/// belongs in here.
template <class Body>
void together(const Ranks& ranks, const Body& body) {
  ranks.meet(
      [&] {
        body();
        return std::string();
      },
      [](const std::string& left, const std::string& right) {
        if (left != right) throw std::logic_error("the ranks have lost step with each other");
        return left;
      },
      [](const std::string& all) { return all; });
}

/// An MPI program: body(ranks) on every rank, between the initialisation of MPI and its end.
template <class Body>
void run(const Body& body) {
  std::exception_ptr failure;
  {
    const Session session;
    const Ranks ranks;
    try {
      together(ranks, [&] { body(ranks); });
    } catch (const RankFailure&) {
      failure = std::current_exception();  // all have it, so MPI can end in order
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace stochflow::mpi
