// time_to_accuracy [RMSE [RUNS]] [--json FILE]: the time of each competitor to the stated error
// (0.001), with the error that it has over independent seeds (40). Answers first: an error that is
// off the target by more than chance is marked. Times are the best of the runs.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "question.hpp"
#include "support/records.hpp"

namespace {

using namespace time_to_accuracy;

struct Entry {
  const char* name;
  Competitor run;
};
const std::vector<Entry> competitors{
    {"stochflow, simulate_lanes", plain_lanes},
    {"stochflow, simulate_lanes, antithetic", antithetic_pairs},
    {"stochflow, multilevel, Euler", levels_euler},
    {"stochflow, multilevel, antithetic Milstein", levels_antithetic_milstein},
    {"stochflow, quasi_monte_carlo", quasi},
    {"Boost.Odeint, std normals", odeint_std},
    {"Boost.Odeint, ziggurat normals", odeint_ziggurat},
    {"GSL, ziggurat normals", gsl},
    {"QuantLib, full truncation", quantlib},
    {"QuantLib, full truncation, antithetic", quantlib_antithetic},
    {"QuantLib, quadratic-exponential, antithetic", quantlib_quadratic_exponential},
};

struct Row {
  const char* name;
  double rmse = 0, mean = 0, seconds = std::numeric_limits<double>::infinity(), steps = 0;
};

Row measure(const Entry& entry, double target, int runs) {
  Row row{entry.name};
  double squares = 0;
  for (int k = 0; k < runs; ++k) {
    const auto before = std::chrono::steady_clock::now();
    const Answer answer = entry.run(target, static_cast<std::uint64_t>(k));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    const double error = answer.price - exact_price();
    squares += error * error / runs;
    row.mean += answer.price / runs;
    row.seconds = std::min(row.seconds, took.count());
    row.steps += answer.steps / runs;
  }
  row.rmse = std::sqrt(squares);
  return row;
}

}  // namespace

int bench::measure(int argc, char** argv) {
  double target = 1e-3;
  int runs = 40, place = 0;
  const std::string json = bench::take_json(argc, argv);
  for (int k = 1; k < argc; ++k) {
    if (place++ == 0) {
      target = std::atof(argv[k]);
    } else {
      runs = std::atoi(argv[k]);
    }
  }
  if (!(target > 0) || runs < 1) {
    std::fprintf(stderr, "time_to_accuracy: expected [RMSE > 0 [RUNS >= 1]] [--json FILE]\n");
    return 2;
  }
  std::vector<Row> rows;
  for (const Entry& entry : competitors) {
    const Row row = measure(entry, target, runs);
    if (!std::isnan(row.rmse)) rows.push_back(row);
  }
  double peer = std::numeric_limits<double>::infinity();
  for (const Row& row : rows) {
    if (std::string(row.name) == "QuantLib, full truncation") peer = row.seconds;
  }
  std::printf("Heston call, exact %.8f; target RMSE %g, %d runs each, one thread\n",
              exact_price(),
              target,
              runs);
  std::printf("%-45s %10s %12s %12s %14s\n", "", "RMSE", "steps", "ms", "QuantLib's is");
  for (const Row& row : rows) {
    // The square root of a mean of `runs` squares: above by three of its deviations is no chance.
    const bool late = row.rmse > target * (1 + 3 / std::sqrt(2.0 * runs));
    std::printf("%-45s %10.2e %12.3g %12.4g %12.3g x%s\n",
                row.name,
                row.rmse,
                row.steps,
                row.seconds * 1e3,
                peer / row.seconds,
                late ? "  MISSES THE TARGET" : "");
  }
  std::vector<bench::Record> records;
  char question[64];
  std::snprintf(question, sizeof question, "time to RMSE %g on a Heston call", target);
  for (const Row& row : rows) {
    records.push_back({question,
                       row.name,
                       1,
                       row.seconds * 1e9 / row.steps,
                       NAN,
                       row.seconds / rows[0].seconds,
                       row.mean,
                       exact_price(),
                       {{"seconds", row.seconds}, {"rmse", row.rmse}}});
  }
  bench::write_records(json, records);
  return 0;
}
