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
  Errors error;
  double evaluations;
  double answer, exact;  // the first component of the first trajectory at the end
};

std::map<std::string, Row> rows;

std::string key(const char* question, const Entry& entry) {
  return std::string(question) + "|" + entry.name + "|" + std::to_string(entry.threads);
}

}  // namespace

// ode_ensembles [--json FILE] [Google Benchmark's options]
int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  bench::initialise(argc, argv, 5);

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
      rows[name] = {error, answer.evaluations, answer.x[0], exact.x[0]};
      bench::register_work(name, [run = entry.run, question = question](std::uint64_t) {
        return run(question, false).evaluations;
      });
    }
  }
  if (!right) {
    std::fprintf(stderr, "a competitor gives wrong answers; no times\n");
    return 1;
  }
  bench::BestTimes times;
  benchmark::RunSpecifiedBenchmarks(&times);

  std::vector<bench::Record> records;
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
      const std::string name = key(text, entry);
      const auto found = rows.find(name);
      if (found == rows.end() || std::isnan(times[name])) continue;
      const Row& row = found->second;
      const double us = times[name] * 1e6 / static_cast<double>(trajectories(question));
      if (std::isnan(ours)) ours = us;
      std::printf("%-12s %-36s %7d %13.2f %8.2f %13.0f %11.1e %11.1e\n",
                  text,
                  entry.name,
                  entry.threads,
                  us,
                  us / ours,
                  row.evaluations,
                  row.error.median,
                  row.error.worst);
      // Steps differ in what they cost, so none are counted.
      records.push_back({std::string("ode ensemble ") + text,
                         entry.name,
                         entry.threads,
                         NAN,
                         NAN,
                         us / ours,
                         row.answer,
                         row.exact,
                         {{"us_per_trajectory", us},
                          {"evaluations", row.evaluations},
                          {"median_error", row.error.median},
                          {"worst_error", row.error.worst}}});
    }
  }
  bench::write_records(json, records);
  return 0;
}
