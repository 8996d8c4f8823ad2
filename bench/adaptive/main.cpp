// The question: what does a path of a stated accuracy cost with steps that follow the error, and
// with steps of one length? Two equations with multiplicative noise: one that is alike all the time
// (geometric Brownian motion), and one that is quiet but for a burst a hundredth of the interval
// long. Root mean square error over paths at the end, against 2^14 steps of SRIW1 on the same
// paths; each competitor at the loosest tolerance, or with the fewest steps, that reaches it.
// Nothing that Debian ships steps adaptively along Brownian paths. Ratios are to SRIW1's own.

#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "stochflow/control/pi_controller.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/sosri.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/noise/tree_increments.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/solve_adaptive.hpp"
#include "support/records.hpp"
#include "support/timing.hpp"

namespace {

using namespace stochflow;
using Tree = BrownianTree<double>;

constexpr std::uint64_t paths = 200;

Tree path_of(std::uint64_t k) { return Tree(11, k, 0, 1); }

const auto steady = ito<Noise::diagonal>([](const auto& x, double) { return 0.5 * x; },
                                         [](const auto& x, double) { return 0.8 * x; });
const auto burst = ito<Noise::diagonal>([](const auto& x, double) { return -0.5 * x; },
                                        [](const auto& x, double t) {
                                          const double u = (t - 0.3) / 0.01;
                                          return (0.1 + 5 * std::exp(-0.5 * u * u)) * x;
                                        });

struct Run {
  double x = 0;
  std::int64_t steps = 0;  // accepted and rejected
};
/// One path at one setting: a tolerance for adaptive steps, their number for others.
using Path = std::function<Run(double setting, std::uint64_t k)>;

template <class P, class M>
Path fixed(const P& problem, const M& method) {
  return [=](double setting, std::uint64_t k) {
    const auto steps = static_cast<std::int64_t>(setting);
    const auto s =
        solve(problem, method, 1.0, uniform_grid(0, 1, steps), TreeIncrements(path_of(k)));
    return Run{s.x, steps};
  };
}
/// As a user would without a tree: increments of the grid, the law and not the path the same.
template <class P, class M>
Path fresh(const P& problem, const M& method) {
  return [=](double setting, std::uint64_t k) {
    const auto steps = static_cast<std::int64_t>(setting);
    return Run{solve(problem, method, 1.0, uniform_grid(0, 1, steps), PathId{11, k}).x, steps};
  };
}
template <class P, class M>
Path adaptive(const P& problem, const M& method) {
  return [=](double setting, std::uint64_t k) {
    const PiController controller{.rtol = setting, .atol = setting};
    const auto s = solve_adaptive_on(problem, method, 1.0, path_of(k), controller);
    return Run{s.x, s.outcome.step + s.rejected_steps};
  };
}

struct Row {
  std::string question, name;
  Path path;             // whose error is measured
  Path timed;            // what is timed
  double first, factor;  // settings to try: first, first * factor, ...
  double setting = NAN, error = NAN, steps = NAN;

  std::string key() const { return question + "|" + name; }
};

template <class P>
void add_rows(std::vector<Row>& rows, const std::string& question, const P& problem) {
  const auto own_steps = [&](const std::string& name, const auto& method) {
    rows.push_back({question,
                    name + ", adaptive",
                    adaptive(problem, method),
                    adaptive(problem, method),
                    1,
                    0.75});
  };
  const auto equal_steps = [&](const std::string& name, const auto& method) {
    rows.push_back({question,
                    name + ", equal steps",
                    fixed(problem, method),
                    fresh(problem, method),
                    8,
                    1.25});
  };
  own_steps("SRIW1", SRIW1{});
  own_steps("SOSRI", SOSRI{});
  own_steps("Milstein, doubled", StepDoubling<Milstein>{});
  equal_steps("SRIW1", SRIW1{});
  equal_steps("Milstein", Milstein{});
}

/// The first setting that reaches the target; false if none does.
bool tune(Row& row, const std::vector<double>& exact, double target) {
  for (double setting = row.first; setting > 1e-9 && setting < 2e5; setting *= row.factor) {
    double squares = 0, steps = 0;
    for (std::uint64_t k = 0; k < paths; ++k) {
      const Run run = row.path(setting, k);
      squares += std::pow(run.x - exact[k], 2);
      steps += static_cast<double>(run.steps);
    }
    row.setting = setting;
    row.error = std::sqrt(squares / paths);
    row.steps = steps / paths;
    if (row.error <= target) return true;
  }
  return false;
}

template <class P>
std::vector<double> reference(const P& problem) {
  std::vector<double> ends;
  for (std::uint64_t k = 0; k < paths; ++k) ends.push_back(fixed(problem, SRIW1{})(1 << 14, k).x);
  return ends;
}

}  // namespace

// adaptive [--json FILE] [Google Benchmark's options]
int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  bench::initialise(argc, argv, 3);
  constexpr double target = 2e-3;
  std::vector<Row> rows;
  add_rows(rows, "steady", steady);
  add_rows(rows, "burst", burst);
  const std::vector<double> of_steady = reference(steady), of_burst = reference(burst);
  for (Row& row : rows) {
    if (!tune(row, row.question == "steady" ? of_steady : of_burst, target)) {
      std::fprintf(stderr,
                   "%s: error %g at the last setting, expected %g; no times\n",
                   row.key().c_str(),
                   row.error,
                   target);
      return 1;
    }
    bench::register_work(row.key(), [&row](std::uint64_t seed) {
      double sum = 0;
      for (std::uint64_t k = 0; k < 16; ++k) sum += row.timed(row.setting, 16 * seed + k).x;
      return sum;
    });
  }
  bench::BestTimes times;
  benchmark::RunSpecifiedBenchmarks(&times);

  std::printf("%-8s %-28s %10s %9s %9s %9s\n", "", "", "error", "steps", "us/path", "/SRIW1");
  std::vector<bench::Record> records;
  double first = NAN;
  for (const Row& row : rows) {
    const double per_path = times[row.key()] / 16;
    if (records.empty() || records.back().question != row.question) first = per_path;
    std::printf("%-8s %-28s %10.2g %9.0f %9.1f %9.2f\n",
                row.question.c_str(),
                row.name.c_str(),
                row.error,
                row.steps,
                per_path * 1e6,
                per_path / first);
    records.push_back({row.question,
                       row.name,
                       1,
                       per_path * 1e9 / row.steps,
                       NAN,
                       per_path / first,
                       row.error,
                       target,
                       {{"steps", row.steps}, {"ns_per_path", per_path * 1e9}}});
  }
  bench::write_records(json, records);
  return 0;
}
