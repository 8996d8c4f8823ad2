#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/nets/unet.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/train/trainer.hpp"

namespace stochflow::diffusion {
namespace {

constexpr const char* format = "stochflow score network 1";
constexpr double golden_tolerance = 1e-3;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& sentence) {
  throw std::runtime_error(file.string() + ": " + sentence);
}

struct Golden {
  at::Tensor z, gamma, probe;
};

// A soft round stroke on background, at three noise levels; any fixed input near the data will do.
Golden golden_inputs(const ScoreNetworkConfig& config) {
  const std::vector<std::int64_t> shape = {3, config.image_channels, config.height, config.width};
  const auto distance = [](std::int64_t n) {
    return (at::arange(n, at::kFloat) - 0.5 * static_cast<double>(n)).square() /
           (0.1 * static_cast<double>(n * n));
  };
  const at::Tensor blob =
      at::exp(-(distance(config.height).unsqueeze(1) + distance(config.width).unsqueeze(0)));
  const at::Tensor x = (1.9 * blob - 1 + 0.5 / 128).expand(shape);
  const at::Tensor gamma = at::empty({3}, at::kFloat);
  gamma[0].fill_(-8), gamma[1].fill_(-2), gamma[2].fill_(3);
  const auto column = [](const at::Tensor& t) {
    return at::sqrt(at::sigmoid(t)).view({3, 1, 1, 1});
  };
  const RandomStream stream(0, Purpose::probe);
  const at::Tensor noise = normals(stream, sample_range(0, 3), 0, x);
  return {
      column(-gamma) * x + column(gamma) * noise, gamma, normals(stream, sample_range(0, 3), 1, x)};
}

struct Response {
  at::Tensor eps, vjp;
};
Response response(const ScoreNetwork& network, const Golden& golden, const at::Device& device) {
  const at::Tensor z = golden.z.to(device).detach().requires_grad_(true);
  const at::AutoGradMode with_grad(true);
  const at::Tensor eps = network.eps(z, golden.gamma.to(device));
  const auto vjp = torch::autograd::grad({eps}, {z}, {golden.probe.to(device)});
  return {eps.detach().cpu(), vjp[0].cpu()};
}

void check_response(const std::filesystem::path& file,
                    const std::string& what,
                    const at::Tensor& found,
                    const at::Tensor& expected) {
  const double worst = (found - expected).abs().max().item<double>();
  const double size = expected.abs().max().item<double>();
  if (!(worst <= golden_tolerance * size)) {
    fail(file,
         "the network does not reproduce its golden vectors: " + what + " is off by " +
             std::to_string(worst / size) +
             " of its size; the file is damaged or belongs to another version of the architecture");
  }
}

}  // namespace

void save_score_network(const std::filesystem::path& file,
                        const ScoreNetwork& network,
                        const NetworkDescription& description,
                        at::ScalarType storage) {
  TensorFile content;
  const at::Device device = network.unet().output_bias().device();
  ScoreNetwork stored(network.config(), device);  // with what rounding leaves of the weights
  {
    const at::NoGradGuard no_grad;
    auto rounded = stored.unet().named_parameters();
    for (const auto& item : network.unet().named_parameters()) {
      const at::Tensor kept = item.value().detach().to(storage);
      content.tensors["weight/" + item.key()] = kept;
      rounded[item.key()].copy_(kept);
    }
  }
  const Golden golden = golden_inputs(network.config());
  const Response expected = response(stored, golden, device);
  content.tensors["golden/z"] = golden.z;
  content.tensors["golden/gamma"] = golden.gamma;
  content.tensors["golden/probe"] = golden.probe;
  content.tensors["golden/eps"] = expected.eps;
  content.tensors["golden/vjp"] = expected.vjp;
  content.metadata = {{"format", format},
                      {"network", to_json(network.config())},
                      {"data", description.data},
                      {"recipe", description.recipe}};
  write_tensors(file, content);
}

LoadedNetwork load_network(const std::filesystem::path& file, const std::string& device_name) {
  const TensorFile content = read_tensors(file);
  const auto text = [&](const char* key) {
    const auto found = content.metadata.find(key);
    return found == content.metadata.end() ? std::string() : found->second;
  };
  if (text("format") != format) {
    fail(file,
         "not a score network of stochflow (its format is '" + text("format") + "', expected '" +
             format + "')");
  }
  const auto described = [&] {
    try {
      return network_config_from_json(text("network"));
    } catch (const std::invalid_argument& error) {
      fail(file, error.what());
    }
  };
  const ScoreNetworkConfig config = described();
  const at::Device device(device_name);
  const auto network = [&] {
    try {
      return std::make_shared<ScoreNetwork>(config, device);
    } catch (const std::invalid_argument& error) {
      fail(file, error.what());
    }
  }();
  {
    const at::NoGradGuard no_grad;
    std::size_t used = 0;
    for (auto& item : network->unet().named_parameters()) {
      const auto found = content.tensors.find("weight/" + item.key());
      if (found == content.tensors.end() || found->second.sizes() != item.value().sizes() ||
          (found->second.scalar_type() != item.value().scalar_type() &&
           found->second.scalar_type() != at::kHalf)) {
        fail(file,
             "weights of another architecture: " + item.key() +
                 " is missing or of another shape than the description says");
      }
      if (!at::isfinite(found->second.to(at::kFloat)).all().item<bool>()) {
        fail(file, "the weights " + item.key() + " contain NaN or infinity");
      }
      item.value().copy_(found->second);
      item.value().requires_grad_(false);
      ++used;
    }
    const auto weights =
        std::count_if(content.tensors.begin(), content.tensors.end(), [](const auto& entry) {
          return entry.first.rfind("weight/", 0) == 0;
        });
    if (static_cast<std::size_t>(weights) != used) {
      fail(file, "weights of another architecture: there are more than the description says");
    }
  }
  Golden golden;
  Response expected;
  const auto take = [&](const char* name, at::Tensor& to) {
    const auto found = content.tensors.find(name);
    if (found == content.tensors.end()) fail(file, std::string("has no ") + name);
    to = found->second;
  };
  take("golden/z", golden.z);
  take("golden/gamma", golden.gamma);
  take("golden/probe", golden.probe);
  take("golden/eps", expected.eps);
  take("golden/vjp", expected.vjp);
  const Golden inputs = golden_inputs(config);
  const bool shapes =
      golden.z.sizes() == inputs.z.sizes() && golden.gamma.sizes() == inputs.gamma.sizes() &&
      golden.probe.sizes() == inputs.z.sizes() && expected.eps.sizes() == inputs.z.sizes() &&
      expected.vjp.sizes() == inputs.z.sizes();
  if (!shapes) fail(file, "its golden vectors are not of the network's shape");
  const Response found = response(*network, golden, device);
  check_response(file, "eps", found.eps, expected.eps);
  check_response(file, "its vector-Jacobian product", found.vjp, expected.vjp);
  return {network,
          {.data_shape = {config.image_channels, config.height, config.width},
           .gamma_min = config.gamma_min,
           .gamma_max = config.gamma_max,
           .data = text("data"),
           .recipe = text("recipe")}};
}

std::shared_ptr<NoisePredictor> load_score_network(const std::filesystem::path& file,
                                                   const std::string& device) {
  return load_network(file, device).network;
}

}  // namespace stochflow::diffusion
