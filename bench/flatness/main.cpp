// The question: does a step cost the same in a small and in a large ensemble, in a short and in a
// long run, and a component the same in one and in many dimensions? Euler-Maruyama in lanes, one
// thread, on independent Ornstein-Uhlenbeck processes; nanoseconds for one step of one component.
// Ratios are to the first row of a question.

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "support/records.hpp"
#include "support/timing.hpp"

namespace {

using namespace stochflow;

constexpr double theta = 1.5, level = 0.3, volatility = 0.4;

const auto ou = ito<Noise::additive>([](const auto& x, double) { return theta * (level - x); },
                                     [](const auto&, double) { return volatility; });

struct Row {
  std::string question, name;
  std::int64_t trajectories, steps, components;
  double (*run)(std::uint64_t seed, std::int64_t trajectories, std::int64_t steps);

  std::string key() const { return question + "|" + name; }
  double size() const { return static_cast<double>(trajectories * steps * components); }
};

/// Mean of the first component at t = 1.
template <class X>
double mean(const X& x0, std::uint64_t seed, std::int64_t trajectories, std::int64_t steps) {
  return simulate_lanes(ou,
                        EulerMaruyama{},
                        x0,
                        uniform_grid(0, 1, steps),
                        {.trajectories = trajectories, .seed = seed, .threads = 1})
      .moments[0][0]
      .mean();
}
double in_one(std::uint64_t seed, std::int64_t trajectories, std::int64_t steps) {
  return mean(1.0, seed, trajectories, steps);
}
template <int d>
double in_many(std::uint64_t seed, std::int64_t trajectories, std::int64_t steps) {
  return mean(Vector<double, d>(Vector<double, d>::Ones()), seed, trajectories, steps);
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (std::int64_t n = 1000; n <= 100'000'000; n *= 10) {
    rows.push_back({"trajectories, 20 steps", std::to_string(n), n, 20, 1, in_one});
  }
  for (std::int64_t n = 10; n <= 1'000'000; n *= 10) {
    rows.push_back({"steps, 1,024 trajectories", std::to_string(n), 1024, n, 1, in_one});
  }
  const auto dimensions = [&]<int... d>(std::integer_sequence<int, d...>) {
    (rows.push_back({"components, 4,096 trajectories, 50 steps",
                     std::to_string(d),
                     4096,
                     50,
                     d,
                     d == 1 ? in_one : in_many<d>}),
     ...);
  };
  dimensions(std::integer_sequence<int, 1, 2, 4, 8, 16, 32>{});
  return rows;
}

}  // namespace

// flatness [--json FILE] [Google Benchmark's options]
int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  bench::initialise(argc, argv, 3);
  const std::vector<Row> rows = all_rows();
  std::vector<bench::Record> records;
  for (const Row& row : rows) {
    const double h = 1 / static_cast<double>(row.steps);
    const double exact =
        level + (1 - level) * std::pow(1 - theta * h, static_cast<double>(row.steps));
    const double answer = row.run(7, row.trajectories, row.steps);
    if (!(std::abs(answer - exact) <= 8 * 0.3 / std::sqrt(static_cast<double>(row.trajectories)))) {
      std::fprintf(
          stderr, "%s: answers %g, expected %g; no times\n", row.key().c_str(), answer, exact);
      return 1;
    }
    records.push_back({row.question, row.name, 1, NAN, NAN, NAN, answer, exact});
    bench::register_work(row.key(), [&row](std::uint64_t seed) {
      return row.run(seed, row.trajectories, row.steps);
    });
  }
  bench::BestTimes times;
  benchmark::RunSpecifiedBenchmarks(&times);

  std::printf("%-42s %11s %10s %9s\n", "", "", "ns", "/first");
  double first = NAN;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    bench::Record& record = records[k];
    record.ns_per_step = times[rows[k].key()] * 1e9 / rows[k].size();
    if (k == 0 || rows[k].question != rows[k - 1].question) first = record.ns_per_step;
    record.ratio_to_us = record.ns_per_step / first;
    std::printf("%-42s %11s %10.3f %9.2f\n",
                record.question.c_str(),
                record.competitor.c_str(),
                record.ns_per_step,
                record.ratio_to_us);
  }
  bench::write_records(json, records);
  return 0;
}
