#pragma once

// log p(x) of data under a diffusion model: the probability flow from each x at t0 to the prior at
// t1, with Hutchinson's estimate of the divergence along the way. The figure comes without
// guarantees: repeat some of it with `tighter` and read likelihood/budget.hpp before believing it.
//
// `per_image` gives each image its own step sizes and refills the batch as images finish; an
// image's figure does not depend on the others, nor on the batch. `odeint` is Boost.Odeint's
// Dormand-Prince with one step size for the whole batch, the slowest image's.
// Source: Song et al. 2021, appendix D.2; Grathwohl et al. 2019.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "stochflow/diffusion/likelihood/flow.hpp"
#include "stochflow/diffusion/likelihood/gaussian_variate.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/tensor/adaptive_batch.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/status.hpp"

namespace stochflow::diffusion {

enum class LikelihoodSolver { per_image, odeint };

/// The variable in which the flow is integrated.
///   gamma      -log SNR: both ends are smooth in it, and every schedule is the same
///   log_sigma  ln(sigma/alpha) = gamma/2: the same steps up to rounding
///   time       the schedule's own t, as in the code of Song et al.; for comparison
enum class Clock { gamma, log_sigma, time };

struct LikelihoodOptions {
  Trace trace = Trace::hutchinson;
  Probe probe = Probe::rademacher;
  std::int64_t probes = 1;
  std::uint64_t seed = 0;  // of the probes
  /// Noise levels gamma, rising, at which the probes change (`probes_of_interval`); only those
  /// inside the path count. Steps end there, which is what it costs. Only with per_image.
  std::vector<double> probe_changes = {};
  /// Null: none. Only with Trace::hutchinson.
  std::shared_ptr<const GaussianVariate> variate = {};
  LikelihoodTolerance tolerance = {};
  LikelihoodSolver solver = LikelihoodSolver::per_image;
  BatchMethod method = dormand_prince54;  // of per_image
  StepControl control = {};               // of per_image
  Clock clock = Clock::gamma;
  std::int64_t batch = 64;            // images under way at a time
  MicroBatch micro = {};              // how the model is called
  at::ScalarType dtype = at::kFloat;  // in which the model is called; the solver works in float64
};

struct ImageLikelihood {
  std::uint64_t id = 0;
  double log_density = 0;     // log p(x), nats
  std::int64_t nfe = 0;       // evaluations of model and gradient
  std::int64_t rejected = 0;  // steps
  Outcome outcome;            // anything but ok: log_density is not a number
};

/// x [N, ...] at t0 of the schedule (data as they are: no noise is added), ids [N] for the probes.
/// `done` is called for each image as it finishes, in no particular order; the returned list is in
/// the order of x. Throws std::invalid_argument for values that are not finite.
std::vector<ImageLikelihood> log_likelihood(
    const NoisePredictor& model,
    const Schedule& schedule,
    const at::Tensor& x,
    const SampleIds& ids,
    const LikelihoodOptions& options,
    const std::function<void(const ImageLikelihood&)>& done = {});

/// n + 1 levels from first to last, for probe_changes: n intervals between them, and one before and
/// one after. The default spans the levels at which images of digits take shape, where nearly all
/// of the variance arises; for n = 0, none.
std::vector<double> equal_probe_changes(std::int64_t n, double first = -7, double last = 5);

/// The same options with every tolerance divided by `factor`.
LikelihoodOptions tighter(LikelihoodOptions options, double factor = 10);

}  // namespace stochflow::diffusion
