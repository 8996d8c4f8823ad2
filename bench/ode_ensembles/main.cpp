#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "question.hpp"

namespace {

using namespace ode_ensembles;

struct Entry {
  const char* name;
  Competitor run;
  int threads;
};

/// The first that answers a question is what the others are compared with.
const std::vector<Entry> competitors{
    {"stochflow, lanes, Dopri5", stochflow_dopri5, 1},
    {"stochflow, lanes, Dopri5", stochflow_dopri5_two_threads, 2},
    {"stochflow, lanes, Tsit5", stochflow_tsit5, 1},
    {"stochflow, lanes, Dop853", stochflow_dop853, 1},
    {"stochflow, lanes, Rodas4", stochflow_rodas4, 1},
    {"stochflow, lanes, Rodas4", stochflow_rodas4_two_threads, 2},
    {"stochflow, one by one, Rosenbrock4", stochflow_one_by_one, 1},
    {"Boost.Odeint, dopri5", odeint_dopri5, 1},
    {"Boost.Odeint, fehlberg78", odeint_fehlberg78, 1},
    {"GSL, rk8pd", gsl_rk8pd, 1},
    {"GSL, msbdf", gsl_msbdf, 1},
    {"SUNDIALS, CVODE BDF", cvode_bdf, 1},
};

const std::vector<std::pair<Question, const char*>> questions{
    {Question::lorenz, "lorenz"},
    {Question::van_der_pol, "van der pol"},
    {Question::robertson, "robertson"}};

struct Errors {
  double median, worst;
};

/// Over the trajectories, of the largest error among the components, each in units of the largest
/// value that the component has in the ensemble.
Errors errors(Question q, const std::vector<double>& x, const std::vector<double>& exact) {
  const std::size_t n = components(q), count = trajectories(q);
  std::vector<double> unit(n, 0), worst(count, 0);
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < n; ++i) unit[i] = std::max(unit[i], std::abs(exact[k * n + i]));
  }
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const double error = std::abs(x[k * n + i] - exact[k * n + i]) / unit[i];
      worst[k] = std::max(worst[k], std::isfinite(error) ? error : INFINITY);
    }
  }
  std::sort(worst.begin(), worst.end());
  return {worst[count / 2], worst.back()};
}

/// Lorenz multiplies an error by some thousands over ten units of time, so only the median counts.
bool acceptable(Question q, const Errors& e) {
  return q == Question::lorenz ? e.median < 1e-2 : e.worst < 1e-3;
}

struct Row {
  const char* question;
  const Entry* entry;
  Errors error;
  double evaluations;
  std::vector<double> times = {};  // us a trajectory
  /// The best of the repetitions: whatever else runs on the machine only ever adds.
  double best() const {
    return times.empty() ? NAN : *std::min_element(times.begin(), times.end());
  }
};

std::map<std::string, Row> rows;

class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string name = run.run_name.function_name;
      const Row& row = rows.at(name);
      for (const auto& [question, text] : questions) {
        if (text != row.question) continue;
        const double solved =
            static_cast<double>(run.iterations) * static_cast<double>(trajectories(question));
        rows.at(name).times.push_back(run.real_accumulated_time * 1e6 / solved);
      }
    }
  }
};

std::string key(const char* question, const Entry& entry) {
  return std::string(question) + "|" + entry.name + "|" + std::to_string(entry.threads);
}

}  // namespace

// ode_ensembles [--json FILE] [Google Benchmark's options]
int main(int argc, char** argv) {
  std::string json;
  std::vector<char*> rest{argv[0]};
  for (int k = 1; k < argc; ++k) {
    if (std::string(argv[k]) == "--json" && k + 1 < argc) {
      json = argv[++k];
    } else {
      rest.push_back(argv[k]);
    }
  }
  // Interleaved, so that what else the machine does falls on all alike.
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::string repetitions = "--benchmark_repetitions=5", least = "--benchmark_min_time=0.02";
  for (std::string* option : {&interleave, &repetitions, &least}) {
    rest.insert(rest.begin() + 1, option->data());
  }
  int count = static_cast<int>(rest.size());
  benchmark::Initialize(&count, rest.data());

  bool right = true;
  for (const auto& [question, text] : questions) {
    const Answer exact = reference(question);
    // The test set for IVP solvers: mu = 1000, t = 2000.
    if (exact.x.empty() ||
        (question == Question::van_der_pol && std::abs(exact.x[0] - 1.706167732170483) > 1e-9)) {
      std::fprintf(stderr, "%s: the reference is wrong\n", text);
      return 1;
    }
    for (const Entry& entry : competitors) {
      const Answer answer = entry.run(question, true);
      if (answer.x.empty()) continue;
      const Errors error = errors(question, answer.x, exact.x);
      if (!acceptable(question, error)) {
        std::fprintf(stderr,
                     "%s: %s has errors of %.2g (median) and %.2g (worst)\n",
                     text,
                     entry.name,
                     error.median,
                     error.worst);
        right = false;
      }
      const std::string name = key(text, entry);
      rows[name] = {text, &entry, error, answer.evaluations};
      benchmark::RegisterBenchmark(name.c_str(),
                                   [run = entry.run, question = question](benchmark::State& state) {
                                     for (auto _ : state)
                                       benchmark::DoNotOptimize(run(question, false));
                                   })
          ->UseRealTime();
    }
  }
  if (!right) {
    std::fprintf(stderr, "a competitor gives wrong answers; no times\n");
    return 1;
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);

  std::string list;
  std::printf("%-12s %-36s %7s %13s %8s %13s %11s %11s\n",
              "",
              "",
              "threads",
              "us/trajectory",
              "/us",
              "evaluations",
              "error",
              "worst");
  for (const auto& [question, text] : questions) {
    double ours = NAN;
    for (const Entry& entry : competitors) {
      const auto found = rows.find(key(text, entry));
      if (found == rows.end() || found->second.times.empty()) continue;
      const Row& row = found->second;
      if (std::isnan(ours)) ours = row.best();
      std::printf("%-12s %-36s %7d %13.2f %8.2f %13.0f %11.1e %11.1e\n",
                  text,
                  entry.name,
                  entry.threads,
                  row.best(),
                  row.best() / ours,
                  row.evaluations,
                  row.error.median,
                  row.error.worst);
      char line[512];
      std::snprintf(line,
                    sizeof line,
                    "%s\n  {\"question\": \"ode ensemble %s\", \"competitor\": \"%s\", "
                    "\"threads\": %d, \"us_per_trajectory\": %.4f, \"ratio_to_us\": %.4f, "
                    "\"evaluations\": %.1f, \"median_error\": %.3g, \"worst_error\": %.3g}",
                    list.empty() ? "" : ",",
                    text,
                    entry.name,
                    entry.threads,
                    row.best(),
                    row.best() / ours,
                    row.evaluations,
                    row.error.median,
                    row.error.worst);
      list += line;
    }
  }
  if (!json.empty()) {
    std::ofstream file(json);
    file << "[" << list << "\n]\n";
    if (!file) {
      std::fprintf(stderr, "cannot write %s\n", json.c_str());
      return 1;
    }
  }
  return 0;
}
