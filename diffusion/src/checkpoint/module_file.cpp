#include "module_file.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <stdexcept>

#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion::detail {
namespace {

constexpr double golden_tolerance = 1e-3;

struct Golden {
  at::Tensor z, gamma;
};

// A soft round stroke on background, at three noise levels; any fixed input near the data will do.
Golden golden_inputs(const std::vector<std::int64_t>& image) {
  const std::vector<std::int64_t> shape = {3, image[0], image[1], image[2]};
  const auto distance = [](std::int64_t n) {
    return (at::arange(n, at::kFloat) - 0.5 * static_cast<double>(n)).square() /
           (0.1 * static_cast<double>(n * n));
  };
  const at::Tensor blob =
      at::exp(-(distance(image[1]).unsqueeze(1) + distance(image[2]).unsqueeze(0)));
  const at::Tensor x = (1.9 * blob - 1 + 0.5 / 128).expand(shape);
  const at::Tensor gamma = at::empty({3}, at::kFloat);
  gamma[0].fill_(-8), gamma[1].fill_(-2), gamma[2].fill_(3);
  const at::Tensor noise = normals(RandomStream(0, Purpose::probe), sample_range(0, 3), 0, x);
  const FrameLevels level = frame_levels(gamma, x);
  return {level.alpha * x + level.sigma * noise, gamma};
}

struct Response {
  at::Tensor answer, probe, vjp;
};
// The probe is drawn when none is given; with one of another shape than the answer's there is no
// product.
Response response(const NetworkParts& network, const Golden& golden, at::Tensor probe = {}) {
  const at::Device device = network.module.parameters().front().device();
  const at::Tensor z = golden.z.to(device).detach().requires_grad_(true);
  const c10::AutoGradMode with_grad(true);
  const at::Tensor answer = network.respond(z, golden.gamma.to(device));
  const at::Tensor kept = answer.detach().cpu();
  if (!probe.defined()) {
    probe = normals(RandomStream(0, Purpose::probe), sample_range(0, 3), 1, kept);
  }
  if (probe.sizes() != kept.sizes()) return {kept, probe, {}};
  const auto vjp = torch::autograd::grad({answer}, {z}, {probe.to(device)});
  return {kept, probe, vjp[0].cpu()};
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

void take_weights(const std::filesystem::path& file,
                  const TensorFile& content,
                  torch::nn::Module& module) {
  const c10::NoGradGuard no_grad;
  std::ptrdiff_t used = 0;
  for (auto& item : module.named_parameters()) {
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
        return entry.first.starts_with("weight/");
      });
  if (weights != used) {
    fail(file, "weights of another architecture: there are more than the description says");
  }
}

}  // namespace

void fail(const std::filesystem::path& file, const std::string& sentence) {
  throw std::runtime_error(file.string() + ": " + sentence);
}

std::string text_of(const TensorFile& content, const std::string& name) {
  const auto found = content.metadata.find(name);
  return found == content.metadata.end() ? std::string() : found->second;
}

void put_network(TensorFile& content,
                 const torch::nn::Module& module,
                 const NetworkParts& stored,
                 at::ScalarType storage) {
  {
    const c10::NoGradGuard no_grad;
    auto rounded = stored.module.named_parameters();
    for (const auto& item : module.named_parameters()) {
      const at::Tensor kept = item.value().detach().to(storage);
      content.tensors["weight/" + item.key()] = kept;
      rounded[item.key()].copy_(kept);
    }
  }
  const Golden golden = golden_inputs(stored.image);
  const Response expected = response(stored, golden);
  content.tensors["golden/z"] = golden.z;
  content.tensors["golden/gamma"] = golden.gamma;
  content.tensors["golden/probe"] = expected.probe;
  content.tensors["golden/answer"] = expected.answer;
  content.tensors["golden/vjp"] = expected.vjp;
}

void take_network(const std::filesystem::path& file,
                  const TensorFile& content,
                  const NetworkParts& network) {
  take_weights(file, content, network.module);
  const auto take = [&](const std::string& name) {
    const auto found = content.tensors.find("golden/" + name);
    if (found == content.tensors.end()) fail(file, "has no golden/" + name);
    return found->second;
  };
  const Golden inputs = golden_inputs(network.image), golden = {take("z"), take("gamma")};
  // The first files called the answer of a score network by its name.
  const bool first_format = content.tensors.contains("golden/eps");
  const Response expected = {take(first_format ? "eps" : "answer"), take("probe"), take("vjp")};
  const bool inputs_fit =
      golden.z.sizes() == inputs.z.sizes() && golden.gamma.sizes() == inputs.gamma.sizes();
  const Response found = inputs_fit ? response(network, golden, expected.probe) : Response();
  if (!found.vjp.defined() || expected.answer.sizes() != found.answer.sizes() ||
      expected.vjp.sizes() != found.vjp.sizes()) {
    fail(file, "its golden vectors are not of the network's shape");
  }
  check_response(file, "its answer", found.answer, expected.answer);
  check_response(file, "its vector-Jacobian product", found.vjp, expected.vjp);
}

}  // namespace stochflow::diffusion::detail
