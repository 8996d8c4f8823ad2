#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "question.hpp"
#include "support/records.hpp"
#include "support/timing.hpp"

namespace {

using namespace ensembles;

struct Entry {
  const char* name;
  Competitor run;
  int threads;
  bool same_numbers;  // the same trajectories as ours, not only the same law
  double (*ns_per_step)(Equation) = nullptr;  // of a competitor that times itself
};

const std::vector<Entry> competitors{
    {"stochflow, lanes", lanes, 1, true},
    {"stochflow, lanes", lanes_two_threads, 2, true},
    {"stochflow, lanes, float", lanes_float, 1, false},
    {"stochflow, lanes, AES generator", lanes_ars, 1, false},
    {"stochflow, lanes, two-point", lanes_two_point, 1, false},
    {"stochflow, lanes, SRIW1 (order 1.5)", lanes_sriw1, 1, false},
    {"stochflow, lanes, ItoTaylor15", lanes_taylor, 1, false},
    {"stochflow, lanes, same, drift commutes", lanes_taylor_commuting, 1, false},
    {"stochflow, one by one", one_by_one, 1, true},
    {"limit: fused by hand, AVX-512", fused, 1, true},
    {"limit: order 1.5 by hand", fused_taylor, 1, false},
    {"limit: same, drift commutes", fused_taylor_commuting, 1, false},
    {"Boost.Odeint, std normals", odeint_std, 1, false},
    {"Boost.Odeint, ziggurat normals", odeint_ziggurat, 1, false},
    {"GSL, ziggurat normals", gsl, 1, false},
    {"XMDS2, SIMD noise, paths transverse", xmds2, 1, false, xmds2_ns_per_step},
    {"QuantLib", quantlib, 1, false},
};

const std::vector<std::pair<Equation, const char*>> equations{{Equation::gbm, "gbm"},
                                                              {Equation::ou, "ou"},
                                                              {Equation::heston, "heston"},
                                                              {Equation::lorenz, "lorenz"}};

constexpr std::int64_t checked_paths = 51200, timed_paths = 20480;

/// Mean of the scheme itself; for Heston's log-price that of the equation, which the scheme's
/// differs from by less than the sampling error; for Lorenz our own.
double expected(Equation equation) {
  switch (equation) {
    case Equation::gbm:
      return std::pow(1 + mu * h, steps);
    case Equation::ou:
      return level + (1 - level) * std::pow(1 - theta * h, steps);
    case Equation::heston:
      return r - 0.5 * v_mean;
    case Equation::lorenz:
      return one_by_one(equation, 1, checked_paths) == not_done ? lanes(equation, 99, checked_paths)
                                                                : 0;
  }
  return 0;
}
double deviation(Equation equation) {
  switch (equation) {
    case Equation::gbm:
      return 0.213;
    case Equation::ou:
      return 0.228;
    case Equation::heston:
      return 0.2;
    case Equation::lorenz:
      return 8;
  }
  return 0;
}

struct Row {
  std::string question;
  const Entry* entry;
  double answer, exact;
  double best = NAN;  // ns a step
};

std::map<std::string, Row> rows;

const Row* find(const std::string& question, Competitor run) {
  for (const auto& [key, row] : rows) {
    if (row.question == question && row.entry->run == run) return &row;
  }
  return nullptr;
}

}  // namespace

// ensembles [--json FILE] [Google Benchmark's options]
int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  bench::initialise(argc, argv, 15);

  bool right = true;
  for (const auto& [equation, question] : equations) {
    const double exact = expected(equation), ours = lanes(equation, 7, checked_paths);
    const double error = deviation(equation) / std::sqrt(static_cast<double>(checked_paths));
    for (const Entry& entry : competitors) {
      const double answer = entry.run(equation, 7, checked_paths);
      if (answer == not_done) continue;
      const bool agrees = entry.same_numbers ? std::abs(answer - ours) <= 1e-12 * std::abs(ours)
                                             : std::abs(answer - exact) <= 8 * error;
      if (!agrees) {
        std::fprintf(stderr,
                     "%s: %s answers %.15g, expected %.15g\n",
                     question,
                     entry.name,
                     answer,
                     entry.same_numbers ? ours : exact);
        right = false;
      }
      const std::string key =
          std::string(question) + "|" + entry.name + "|" + std::to_string(entry.threads);
      rows[key] = {question, &entry, answer, exact};
      if (entry.ns_per_step != nullptr) continue;
      bench::register_work(key, [run = entry.run, equation = equation](std::uint64_t seed) {
        return run(equation, seed, timed_paths);
      });
    }
  }
  if (!right) {
    std::fprintf(stderr, "a competitor gives wrong answers; no times\n");
    return 1;
  }
  // Before and after the others, so that what else the machine does falls on them too.
  const auto time_programs = [] {
    for (auto& [key, row] : rows) {
      if (row.entry->ns_per_step == nullptr) continue;
      const auto equation = std::find_if(equations.begin(), equations.end(), [&](const auto& e) {
                              return row.question == e.second;
                            })->first;
      for (int k = 0; k < 3; ++k) row.best = std::fmin(row.best, row.entry->ns_per_step(equation));
    }
  };
  bench::BestTimes times;
  time_programs();
  benchmark::RunSpecifiedBenchmarks(&times);
  time_programs();
  for (auto& [key, row] : rows) {
    if (row.entry->ns_per_step == nullptr) row.best = times[key] * 1e9 / (timed_paths * steps);
  }

  std::vector<bench::Record> records;
  std::printf("%-8s %-38s %7s %10s %9s %9s\n", "", "", "threads", "ns/step", "/limit", "/us");
  for (const auto& [equation, question] : equations) {
    const Row *ours = find(question, lanes), *limit = find(question, fused);
    for (const Entry& entry : competitors) {
      const Row* row = find(question, entry.run);
      if (row == nullptr || std::isnan(row->best)) continue;
      const double to_us = row->best / ours->best;
      const double to_limit = limit == nullptr ? NAN : row->best / limit->best;
      std::printf("%-8s %-38s %7d %10.3f %9.2f %9.2f\n",
                  question,
                  entry.name,
                  entry.threads,
                  row->best,
                  to_limit,
                  to_us);
      records.push_back({std::string("euler-maruyama ") + question,
                         entry.name,
                         entry.threads,
                         row->best,
                         to_limit,
                         to_us,
                         row->answer,
                         row->exact});
    }
  }
  bench::write_records(json, records);
  return 0;
}
