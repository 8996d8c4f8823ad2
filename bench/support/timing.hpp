#pragma once

// Google Benchmark as the questions use it: repetitions interleaved at random, so that what else
// the machine does falls on all alike, and the best of them kept, for that only ever adds.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bench {

/// Options on the command line come after these, and win.
inline void initialise(int argc, char** argv, int repetitions) {
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::string count = "--benchmark_repetitions=" + std::to_string(repetitions);
  std::string least = "--benchmark_min_time=0.02";
  std::vector<char*> all{argv[0], interleave.data(), count.data(), least.data()};
  all.insert(all.end(), argv + 1, argv + argc);
  int n = static_cast<int>(all.size());
  benchmark::Initialize(&n, all.data());
}

/// Seconds of the wall clock that one call of work(seed) takes.
template <class Work>
void register_work(const std::string& name, Work work) {
  benchmark::RegisterBenchmark(name.c_str(), [work](benchmark::State& state) {
    std::uint64_t seed = 0;
    for (auto _ : state) benchmark::DoNotOptimize(work(++seed));
  })->UseRealTime();
}

class BestTimes final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const double seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
      const auto [best, first] = best_.try_emplace(run.run_name.function_name, seconds);
      if (!first) best->second = std::min(best->second, seconds);
    }
  }
  /// Not a number for what was not run.
  double operator[](const std::string& name) const {
    const auto found = best_.find(name);
    return found == best_.end() ? NAN : found->second;
  }

 private:
  std::map<std::string, double> best_;
};

}  // namespace bench
