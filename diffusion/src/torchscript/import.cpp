// A TorchScript network with its description: read, tried out, and put into this library's units.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "card.hpp"
#include "module.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/diffusion/torchscript.hpp"

namespace stochflow::diffusion {
namespace {

using detail::GoldenVectors;
using detail::NetworkCard;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error("'" + file.string() + "': " + what);
}

/// With data c x0 + m in place of x0: y = x0 + sigma_hat eps becomes c y + m, and its noise level
/// gamma + 2 ln c. The noise itself is the same.
class InUnitRange final : public NoisePredictor {
 public:
  InUnitRange(std::shared_ptr<NoisePredictor> model, double low, double high)
      : model_(std::move(model)), c_(0.5 * (high - low)), m_(0.5 * (high + low)) {}

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    const at::Tensor inner = gamma + 2 * std::log(c_);
    const at::Tensor a = at::sigmoid(-gamma).sqrt(), a_inner = at::sigmoid(-inner).sqrt();
    return model_->eps(beside(c_ * a_inner / a, z) * z + m_ * beside(a_inner, z), inner);
  }

 private:
  std::shared_ptr<NoisePredictor> model_;
  double c_, m_;
};

/// The network called in its own precision.
Network in_precision(Network network, at::ScalarType dtype) {
  return [network = std::move(network), dtype](const at::Tensor& x, const at::Tensor& label) {
    return network(x.to(dtype), label.to(dtype)).to(x.scalar_type());
  };
}

struct Trial {
  at::Tensor x, label, v;
};

struct Answer {
  at::Tensor value, gradient;
};

Answer answer(const Network& network, const Trial& trial) {
  const c10::AutoGradMode with_gradients(true);
  const at::Tensor leaf = trial.x.detach().clone().requires_grad_(true);
  const at::Tensor value = network(leaf, trial.label);
  const auto gradients =
      torch::autograd::grad({value}, {leaf}, {trial.v}, c10::nullopt, false, true);
  return {value.detach(), gradients[0].defined() ? gradients[0].detach() : at::zeros_like(leaf)};
}

Trial first_rows(const Trial& trial, std::int64_t n) {
  return {trial.x.slice(0, 0, n), trial.label.slice(0, 0, n), trial.v.slice(0, 0, n)};
}

double distance(const at::Tensor& found, const at::Tensor& right) {
  const double scale = right.abs().max().item<double>();
  const double error = (found - right).abs().max().item<double>();
  return scale > 0 ? error / scale : error;
}

at::Tensor batch(const std::vector<double>& numbers,
                 const NetworkCard& card,
                 std::int64_t rows,
                 const at::TensorOptions& options) {
  std::vector<std::int64_t> shape{rows};
  shape.insert(shape.end(), card.shape.begin(), card.shape.end());
  return at::tensor(numbers, at::kDouble).reshape(shape).to(options);
}

/// Rows at three noise levels, where the file brings none.
Trial own_trial(const NetworkCard& card, const at::TensorOptions& options) {
  const Schedule& schedule = card.schedule;
  const double low = schedule.at(schedule.t0).gamma, high = schedule.at(schedule.t1).gamma;
  std::vector<double> labels, scales;
  for (const double part : {0.2, 0.5, 0.8}) {
    const Level level = schedule.at(schedule.time_of(low + part * (high - low)));
    const bool edm = card.parametrisation == Parametrisation::edm_denoiser;
    labels.push_back(label_value(card.label, level, edm ? level.sigma_hat() : level.sigma));
    scales.push_back(edm ? level.scale() / level.alpha() : level.scale());
  }
  std::vector<std::int64_t> shape{3};
  shape.insert(shape.end(), card.shape.begin(), card.shape.end());
  const at::Tensor like = at::empty(shape, at::kDouble);
  const RandomStream stream(1, Purpose::initial_state);
  const SampleIds ids = sample_range(0, 3);
  const at::Tensor z = normals(stream, ids, 0, like);
  return {(beside(scales, z) * z).to(options),
          at::tensor(labels, at::kDouble).to(options),
          normals(stream, ids, 1, like).to(options)};
}

/// Returns the distance from the golden vectors.
double try_out(const Network& network,
               const NetworkCard& card,
               const at::TensorOptions& options,
               const std::filesystem::path& file) {
  Trial trial;
  if (card.golden) {
    const auto rows = static_cast<std::int64_t>(card.golden->label.size());
    trial = {batch(card.golden->x, card, rows, options),
             at::tensor(card.golden->label, at::kDouble).to(options),
             batch(card.golden->v, card, rows, options)};
  } else {
    trial = own_trial(card, options);
  }
  const Answer together = answer(network, trial);
  if (!at::isfinite(together.value).all().item<bool>() ||
      !at::isfinite(together.gradient).all().item<bool>()) {
    refuse(file, "the network's values or gradients on the trial rows are not finite");
  }
  const double tolerance = options.dtype() == at::kDouble ? 1e-10 : 1e-4;
  double error = std::numeric_limits<double>::quiet_NaN();
  if (card.golden) {
    const auto rows = static_cast<std::int64_t>(card.golden->label.size());
    const double value = distance(together.value, batch(card.golden->value, card, rows, options));
    const double gradient =
        distance(together.gradient, batch(card.golden->gradient, card, rows, options));
    error = std::max(value, gradient);
    if (!(error <= tolerance)) {
      std::ostringstream text;
      text << "the network does not reproduce its golden vectors: values differ by " << value
           << " and gradients by " << gradient << " of the largest, allowed is " << tolerance
           << "; was it exported in evaluation mode, with its averaged weights, and without "
              "no_grad or detach inside?";
      refuse(file, text.str());
    }
  }
  for (int call = 0; call < 3; ++call) {
    const Answer again = answer(network, trial);
    if (!at::equal(again.value, together.value) || !at::equal(again.gradient, together.gradient)) {
      refuse(file,
             "the same rows gave other bits at another call: the module draws random numbers, "
             "keeps a state, or runs under the profiling executor");
    }
  }
  const std::int64_t rows = trial.x.size(0);
  const Trial twice{at::cat({trial.x, trial.x}),
                    at::cat({trial.label, trial.label}),
                    at::cat({trial.v, trial.v})};
  for (const Trial& other : {first_rows(trial, 1), twice}) {
    const Answer alone = answer(network, other);
    const std::int64_t n = std::min(rows, other.x.size(0));
    const double moved =
        std::max(distance(alone.value.slice(0, 0, n), together.value.slice(0, 0, n)),
                 distance(alone.gradient.slice(0, 0, n), together.gradient.slice(0, 0, n)));
    if (!(moved <= tolerance)) {
      std::ostringstream text;
      text << "a row's answer moves by " << moved << " of the largest when the batch has "
           << other.x.size(0) << " instead of " << rows
           << " rows: the trace has its example's batch size baked in, or the network is not in "
              "evaluation mode; export it with torch.jit.script";
      refuse(file, text.str());
    }
  }
  return error;
}

}  // namespace

std::shared_ptr<NoisePredictor> in_unit_range(std::shared_ptr<NoisePredictor> model,
                                              double low,
                                              double high) {
  if (!(low < high)) {
    throw std::invalid_argument("in_unit_range: expected low < high, found " + std::to_string(low) +
                                " and " + std::to_string(high));
  }
  return std::make_shared<InUnitRange>(std::move(model), low, high);
}

ImportedNetwork import_network(const std::filesystem::path& file, const at::Device& device) {
  const std::string text = detail::card_text(file);
  const NetworkCard card = [&] {
    try {
      return detail::parse_card(text);
    } catch (const std::runtime_error& error) {
      refuse(file, "the description of the network: " + std::string(error.what()));
    }
  }();
  const Network network = load_torchscript(file, device);
  const at::ScalarType dtype = card.double_precision ? at::kDouble : at::kFloat;
  const at::TensorOptions options = at::TensorOptions().dtype(dtype).device(device);

  ImportedNetwork result;
  result.golden_error = try_out(network, card, options, file);
  result.model = in_unit_range(
      from_network(in_precision(network, dtype), card.parametrisation, card.label, card.schedule),
      card.low,
      card.high);
  const double shift = -2 * std::log(0.5 * (card.high - card.low));
  result.description = {.data_shape = card.shape,
                        .gamma_min = card.schedule.at(card.schedule.t0).gamma + shift,
                        .gamma_max = card.schedule.at(card.schedule.t1).gamma + shift,
                        .data = "as the network's author made it, moved to [-1, 1]",
                        .recipe = ""};
  return result;
}

}  // namespace stochflow::diffusion
