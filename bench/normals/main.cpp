#include <cmath>
#include <cstdio>
#include <vector>

#include "question.hpp"
#include "support/records.hpp"
#include "support/timing.hpp"

namespace {

using namespace normals;

struct Entry {
  const char* name;
  Competitor run;
  double exact = 3;  // fourth moment
};

/// The first is what the others are compared with.
const std::vector<Entry> competitors{{"stochflow, lanes", lanes},
                                     {"stochflow, lanes, float", lanes_float},
                                     {"stochflow, lanes, AES generator", lanes_ars},
                                     {"stochflow, lanes, two-point", lanes_two_point, 1},
                                     {"stochflow, one by one", one_by_one},
                                     {"std::normal_distribution", std_normals},
                                     {"Boost, ziggurat", boost_ziggurat},
                                     {"GSL, ziggurat", gsl_ziggurat}};

constexpr std::int64_t checked = 1 << 20, timed = 1 << 17;

}  // namespace

// normals [--json FILE] [Google Benchmark's options]
int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  bench::initialise(argc, argv, 15);
  std::vector<bench::Record> records;
  for (const Entry& entry : competitors) {
    const double answer = entry.run(7, checked);
    if (answer == not_done) continue;
    // The variance of a normal's fourth power is 96.
    if (!(std::abs(answer - entry.exact) <= 8 * std::sqrt(96.0 / checked))) {
      std::fprintf(stderr,
                   "%s: the mean of the fourth powers is %g, expected %g; no times\n",
                   entry.name,
                   answer,
                   entry.exact);
      return 1;
    }
    records.push_back({"normals", entry.name, 1, NAN, NAN, NAN, answer, entry.exact});
    bench::register_work(entry.name,
                         [run = entry.run](std::uint64_t seed) { return run(seed, timed); });
  }
  bench::BestTimes times;
  benchmark::RunSpecifiedBenchmarks(&times);

  std::printf("%-8s %-38s %10s %9s\n", "", "", "ns", "/us");
  for (bench::Record& record : records) {
    record.ns_per_step = times[record.competitor] * 1e9 / timed;
    record.ratio_to_us = times[record.competitor] / times[records[0].competitor];
    std::printf("%-8s %-38s %10.3f %9.2f\n",
                "normals",
                record.competitor.c_str(),
                record.ns_per_step,
                record.ratio_to_us);
  }
  bench::write_records(json, records);
  return 0;
}
