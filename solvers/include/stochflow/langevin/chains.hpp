#pragma once

// Markov chains in parallel: `sample_chains(target, MALA{0.1}, starts, options)`. Chain k draws its
// randomness from (seed, k) alone, so it is the same to the last bit for any number of threads and
// whatever other chains run. diagnostics.hpp judges the result.

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/noise/ahead.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

struct ChainOptions {
  std::int64_t draws = 1000;    // kept
  std::int64_t warm_up = 1000;  // made first and thrown away
  std::int64_t thin = 1;        // iterations a draw
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one for each processor
};

template <class X>
struct Chain {
  std::vector<X> draws;   // [options.draws], fewer if the chain failed
  double acceptance = 0;  // share of proposals taken after the warm-up
  Outcome outcome;        // steps count iterations, t = step * eps
};

/// Starting points scattered around `centre`: centre + scale n, n standard normal. R-hat can tell
/// chains that have not met only if they began further apart than the target is wide.
template <class X>
std::vector<X> scattered_starts(const X& centre, double scale, std::int64_t n, std::uint64_t seed) {
  const RandomStream stream(seed, Purpose::initial_state);
  std::vector<X> starts;
  for (std::int64_t k = 0; k < n; ++k) {
    starts.push_back(
        X(centre + scale * standard_normals(stream, static_cast<std::uint64_t>(k), 0, centre)));
  }
  return starts;
}

/// Runs one chain from each start. `kernel` is ULA, MALA or a type like them: a positive `step`,
/// start(target, x) -> point with a member x, advance(target, point, normals, uniform) -> taken.
template <class T, class Kernel, class X>
std::vector<Chain<X>> sample_chains(const T& target,
                                    const Kernel& kernel,
                                    const std::vector<X>& starts,
                                    const ChainOptions& options = {}) {
  if (starts.empty() || options.draws < 1 || options.warm_up < 0 || options.thin < 1 ||
      !(kernel.step > 0)) {
    std::ostringstream text;
    text << "sample_chains: expected at least 1 start, draws >= 1, warm_up >= 0, thin >= 1 and a "
         << "step > 0, found " << starts.size() << " starts, draws = " << options.draws
         << ", warm_up = " << options.warm_up << ", thin = " << options.thin
         << ", step = " << kernel.step;
    throw std::invalid_argument(text.str());
  }
  const RandomStream uniforms(options.seed, Purpose::metropolis);
  const std::int64_t iterations = options.warm_up + options.draws * options.thin;
  std::vector<Chain<X>> chains(starts.size());

  const auto run = [&](std::int64_t k) {
    const auto id = static_cast<std::uint64_t>(k);
    Chain<X>& chain = chains[id];
    const auto path = detail::increments_in_order(options.seed, id, starts[id]);
    auto point = kernel.start(target, starts[id]);
    std::int64_t taken = 0;
    for (std::int64_t i = 0; i < iterations; ++i) {
      const auto index = static_cast<std::uint64_t>(i);
      const X n = path.increment({.index = i, .t = 0, .h = 1}).W;
      const PhiloxCounter bits = uniforms.bits(id, index, 0);
      const double uniform = uniform_open(static_cast<std::uint64_t>(bits[1]) << 32 | bits[0]);
      const bool accepted = kernel.advance(target, point, n, uniform);
      if (!StateTraits<X>::all_finite(point.x)) {
        chain.outcome = {Status::not_finite, static_cast<double>(i) * kernel.step, i};
        return;
      }
      if (i < options.warm_up) continue;
      taken += accepted;
      if ((i - options.warm_up + 1) % options.thin == 0) chain.draws.push_back(point.x);
    }
    chain.acceptance =
        static_cast<double>(taken) / static_cast<double>(options.draws * options.thin);
    chain.outcome = {Status::ok, static_cast<double>(iterations) * kernel.step, iterations};
  };
  const auto count = static_cast<std::int64_t>(starts.size());
  detail::for_each_block(count, detail::thread_count(options.threads, count), run);
  return chains;
}

/// f(x) along every chain, [chain][draw]: what the diagnostics take.
template <class X, class F>
std::vector<std::vector<double>> values_of(const std::vector<Chain<X>>& chains, const F& f) {
  std::vector<std::vector<double>> values;
  for (const Chain<X>& chain : chains) {
    auto& row = values.emplace_back();
    for (const X& x : chain.draws) row.push_back(f(x));
  }
  return values;
}

}  // namespace stochflow
