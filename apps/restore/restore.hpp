#pragma once

// What `stochflow inpaint`, `super-resolve` and `colourise` share: test images are measured, and
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

/// Something more to say of the samples, in words and under a name in the record.
struct Finding {
  std::string sentence, name;
  double value = 0;
};

/// What images are restored, how they are measured, and by which network.
struct Restoration {
  diffusion::LinearOperator A;
  /// y -> an image x [N, C, H, W] in data units with A x = y, to look at.
  std::function<at::Tensor(const at::Tensor& y)> picture;
  /// Of repaint: 1 where picture(y) is right as it is; undefined: method not possible.
  at::Tensor known = {};
  /// `known` is about channels decoupled from their mean (decoupled_channels.hpp).
  bool decoupled = false;
  std::string network = "mnist.safetensors";  // of those shipped, if no other is asked for
  /// Grey test images [N, 1, 28, 28], the first of which has that number, as they were before they
  /// were measured; both uint8. Empty: as they are.
  std::function<at::Tensor(const at::Tensor& levels, std::int64_t first)> original = {};
  std::function<std::vector<Finding>(const at::Tensor& samples)> findings = {};
};

struct RestoreReport {
  /// For each image a row: the truth, what was seen of it, the samples.
  std::vector<Image> rows;
  int columns = 0;
  Numbers x;            // the samples, in data units
  double residual = 0;  // root mean square of y - A x over the samples, in data units
  double error = 0;     // root mean square of x - truth, in data units
  std::vector<Finding> findings;
  double nfe = 0;  // network evaluations a sample
  double seconds = 0;
};

/// Throws UsageError for unknown names and impossible ranges, std::runtime_error otherwise.
RestoreReport run_restore(const RestoreRequest& request, const Restoration& restoration);

/// The options, and the callback that runs, prints and writes --out and --json. `restoration` is
/// asked when the options are known.
void add_restore_options(CLI::App& command, std::function<Restoration()> restoration);

}  // namespace stochflow::apps
