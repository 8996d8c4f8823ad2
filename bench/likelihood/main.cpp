// likelihood CHECKPOINT IMAGES [--json FILE]: see question.hpp. One thread; each competitor at a
// few tolerances, with its error against the flow solved at tolerances a hundred times tighter.

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "likelihood/question.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "support/records.hpp"

namespace {

using namespace stochflow::diffusion;
using namespace likelihoods;

constexpr double wanted = 1e-3;  // bits/dim

struct Row {
  const char* name;
  Competitor competitor;
  std::vector<double> tolerances;  // tried from loose to tight, until one does
};

struct Measured {
  double seconds = 0, evaluations = 0;
  Estimate error;
  // As far as the images can tell.
  bool good() const { return std::abs(error.mean) + 2 * error.standard_error <= wanted; }
};

}  // namespace

int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  if (argc != 3)
    throw std::invalid_argument("expected: likelihood CHECKPOINT IMAGES [--json FILE]");
  tune_process(1);
  const auto network = load_score_network(argv[1]);
  Schedule schedule = vp();
  schedule.t0 = 1e-5;
  constexpr std::int64_t count = 32;
  const at::Tensor levels = read_mnist(argv[2], MnistPart::test).images.slice(0, 0, count);
  const SampleIds ids = sample_range(0, count);
  const Images images{uniform_dequantisation(levels, 1, ids, 0).x.to(at::kFloat), ids};
  const double D = static_cast<double>(levels.numel()) / count;
  const Answer exact = dormand_prince(*network, schedule, images, 1e-4);

  const std::vector<Row> rows{{"adams, per image", adams, {1e-1, 5e-2, 3e-2}},
                              {"dormand-prince, per image", dormand_prince, {3e-2, 1e-2, 3e-3}},
                              {"score_sde's procedure", score_sde, {1e-3, 1e-4, 1e-5, 1e-6}}};
  std::vector<bench::Record> records;
  double ours = NAN;
  std::printf("%-26s %9s %12s %10s %22s %14s\n",
              "",
              "tolerance",
              "evaluations",
              "s/image",
              "error, bits/dim",
              "root mean sq.");
  for (const Row& row : rows) {
    for (const double tolerance : row.tolerances) {
      const auto start = std::chrono::steady_clock::now();
      const Answer answer = row.competitor(*network, schedule, images, tolerance);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::vector<double> errors;
      for (std::size_t i = 0; i < answer.log_density.size(); ++i) {
        errors.push_back((exact.log_density[i] - answer.log_density[i]) / (D * std::log(2.0)));
      }
      const Measured m{took.count() / count, answer.evaluations, estimate(errors)};
      std::printf("%-26s %9.0e %12.1f %10.4f %+11.5f +- %.5f %14.5f\n",
                  row.name,
                  tolerance,
                  m.evaluations,
                  m.seconds,
                  m.error.mean,
                  m.error.standard_error,
                  m.error.rms);
      std::fflush(stdout);
      if (m.good() && std::isnan(ours)) ours = m.seconds;
      records.push_back({"likelihood of an image",
                         row.name,
                         1,
                         NAN,
                         NAN,
                         m.seconds / ours,
                         m.error.mean,
                         0,
                         {{"tolerance", tolerance},
                          {"seconds_per_image", m.seconds},
                          {"evaluations", m.evaluations},
                          {"error_standard_error", m.error.standard_error},
                          {"error_rms", m.error.rms}}});
      if (m.good()) {
        std::printf("%-26s %.2f times ours\n", "", m.seconds / ours);
        break;
      }
    }
  }
  bench::write_records(json, records);
  return 0;
}
