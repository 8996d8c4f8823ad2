#pragma once

// What `stochflow inpaint` and `stochflow super-resolve` share: test images are measured, and
// samples of what they may have been are drawn given the measurement.

#include <CLI/App.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "mnist_images.hpp"
#include "stochflow/diffusion/guidance/linear_operator.hpp"

namespace stochflow::apps {

struct RestoreRequest {
  std::string images = "0:8";
  std::int64_t samples = 5;  // of each image
  std::string method = "mmps";
  std::string schedule = "log-snr";
  std::int64_t steps = 100;
  int iterations = 3;   // of mmps: conjugate gradients
  double zeta = 0.5;    // of dps
  int resamples = 5;    // of repaint
  double noise = 0.02;  // of the measurement, in data units: a grey level is 0.008
  std::uint64_t seed = 1;
  std::filesystem::path model = {};
  std::string device = "cpu";
  int threads = 0;
};

/// How images are measured, and how a measurement looks as a picture like the image.
struct Restoration {
  diffusion::LinearOperator A;
  at::Tensor known = {};  // of repaint: pixels known as they are; undefined: method not possible
  std::function<at::Tensor(const at::Tensor& y)> picture;  // y -> [N, 1, H, W] in data units
};

struct RestoreReport {
  /// For each image a row: the truth, what was seen of it, the samples.
  std::vector<GreyImage> rows;
  int columns = 0;
  double residual = 0;  // root mean square of y - A x over the samples, in data units
  double error = 0;     // root mean square of x - truth, in data units
  double nfe = 0;       // network evaluations a sample
  double seconds = 0;
};

/// Throws UsageError for unknown names and impossible ranges, std::runtime_error otherwise.
RestoreReport run_restore(const RestoreRequest& request, const Restoration& restoration);

/// The options, and the callback that runs, prints and writes --out and --json. `restoration` is
/// asked when the options are known.
void add_restore_options(CLI::App& command, std::function<Restoration()> restoration);

}  // namespace stochflow::apps
