// overhead CHECKPOINT IMAGES [--json FILE]: what share of a run with the shipped network is spent
// outside it? Samples and likelihoods of 64 images at a time, one thread; the network's forward and
// backward passes are timed from inside the run, the rest is ours: noise, steps, step sizes,
// probes, cutting batches into pieces.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "stochflow/diffusion/samplers/em.hpp"
#include "stochflow/diffusion/samplers/ode_per_sample.hpp"
#include "stochflow/diffusion/samplers/pc.hpp"
#include "stochflow/diffusion/samplers/unipc.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"
#include "support/records.hpp"

namespace {

using namespace stochflow::diffusion;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Counts the seconds of a model's forward and backward passes. A backward pass begins when the
/// gradient reaches the answer and ends when it reaches the input; on a CPU it runs on the thread
/// that asked for it.
class Timed final : public NoisePredictor {
 public:
  explicit Timed(const NoisePredictor& model) : model_(model) {}

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    const double before = now();
    at::Tensor own = z;
    if (z.requires_grad() && c10::GradMode::is_enabled()) {
      own = z.view_as(z);
      own.register_hook([this](const at::Tensor&) { seconds_ += now() - backward_; });
    }
    const at::Tensor answer = model_.eps(own, gamma);
    if (answer.requires_grad()) {
      answer.register_hook([this](const at::Tensor&) { backward_ = now(); });
    }
    seconds_ += now() - before;
    return answer;
  }
  /// Since the last call.
  double seconds() const { return std::exchange(seconds_, 0.0); }

 private:
  const NoisePredictor& model_;
  mutable double seconds_ = 0, backward_ = 0;
};

struct Run {
  const char* name;
  std::function<void(std::uint64_t seed)> work;
};

}  // namespace

int bench::measure(int argc, char** argv) {
  const std::string json = bench::take_json(argc, argv);
  if (argc != 3) throw std::invalid_argument("expected: overhead CHECKPOINT IMAGES [--json FILE]");
  tune_process(1);
  const auto network = load_score_network(argv[1]);
  const Timed timed(*network);
  const MicroBatch micro{.rows = 8, .threads = 1};
  const MicroBatches model(timed, micro);
  const Schedule schedule = linear_log_snr(-16, 5);
  const std::vector<double> times = log_snr_times(schedule, 20);
  const at::Tensor levels = read_mnist(argv[2], MnistPart::test).images.slice(0, 0, 64);
  const SampleIds ids = sample_range(0, 64);
  const auto draw = [&](std::uint64_t seed) {
    return Draw{.seed = seed, .ids = ids, .shape = {1, 28, 28}, .options = at::kFloat};
  };
  const auto likelihood =
      [&](std::uint64_t seed, const BatchMethod& method, double atol, double atol_log_density) {
        // Cut into pieces by itself.
        log_likelihood(timed,
                       linear_log_snr(-20, 8),
                       uniform_dequantisation(levels, seed, ids, 0).x,
                       ids,
                       {.seed = seed,
                        .tolerance = {.atol = atol, .atol_log_density = atol_log_density},
                        .method = method,
                        .micro = micro});
      };
  const std::vector<Run> runs{
      {"sample, unipc, 20 steps",
       [&](std::uint64_t seed) { sample_unipc(model, schedule, draw(seed), times); }},
      {"sample, em, 20 steps",
       [&](std::uint64_t seed) { sample_em(model, schedule, draw(seed), times); }},
      {"sample, pc, 20 steps",
       [&](std::uint64_t seed) { sample_pc(model, schedule, draw(seed), times); }},
      {"sample, ode by tsit5, per sample",
       [&](std::uint64_t seed) {
         sample_ode_per_sample(model, schedule, draw(seed), {.rtol = 1e-2, .atol = 1e-2});
       }},
      {"likelihood, adams", [&](std::uint64_t seed) { likelihood(seed, Adams{}, 0.03, 1); }},
      {"likelihood, dormand-prince54",
       [&](std::uint64_t seed) { likelihood(seed, dormand_prince54, 0.01, 0.3); }}};

  std::vector<bench::Record> records;
  std::printf("%-36s %10s %12s\n", "", "s", "outside, %");
  for (const Run& run : runs) {
    double least = INFINITY, outside = NAN;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      timed.seconds();
      const double before = now();
      run.work(seed);
      const double all = now() - before, inside = timed.seconds();
      if (all < least) {
        least = all;
        outside = 1 - inside / all;
      }
    }
    std::printf("%-36s %10.3f %12.2f\n", run.name, least, 100 * outside);
    std::fflush(stdout);  // each takes a while
    records.push_back({"time outside the network",
                       run.name,
                       1,
                       NAN,
                       NAN,
                       NAN,
                       NAN,
                       NAN,
                       {{"seconds", least}, {"share_outside", outside}}});
  }
  bench::write_records(json, records);
  return 0;
}
