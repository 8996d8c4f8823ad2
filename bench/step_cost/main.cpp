#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "question.hpp"

namespace {

using Competitor = double (*)(std::uint64_t, int);

/// Standard errors between the sample mean and the mean of the discretised equation.
double deviation(Competitor competitor) {
  constexpr int paths = 20000;
  const double mean = competitor(7, paths) / paths;
  const double exact = std::pow(1 + step_cost::mu * step_cost::h, step_cost::steps);
  const double variance = exact * exact * std::expm1(step_cost::sigma * step_cost::sigma);
  return (mean - exact) / std::sqrt(variance / paths);
}

void run(benchmark::State& state, Competitor competitor) {
  constexpr int paths = 100;
  std::uint64_t seed = 0;
  for (auto _ : state) benchmark::DoNotOptimize(competitor(++seed, paths));
  const auto made = static_cast<double>(state.iterations()) * paths * step_cost::steps;
  state.counters["time_per_step"] =
      benchmark::Counter(made, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

bool add(const char* name, Competitor competitor) {
  const double z = deviation(competitor);
  std::printf("%-18s mean is %+.1f standard errors off\n", name, z);
  benchmark::RegisterBenchmark(name, run, competitor);
  return std::abs(z) < 6;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  bool right = add("stochflow_solve", step_cost::stochflow_solve);
  right = add("odeint_integrate", step_cost::odeint_integrate) && right;
  right = add("plain_loop", step_cost::plain_loop) && right;
  if (!right) {
    std::fprintf(stderr, "a competitor gives wrong answers; no times\n");
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
