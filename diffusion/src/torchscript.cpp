#include "stochflow/diffusion/torchscript.hpp"

#include <c10/core/GradMode.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "torchscript/module.hpp"

namespace stochflow::diffusion {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error("'" + file.string() + "': " + what);
}

[[noreturn]] void refuse_to_load(const std::filesystem::path& file, const std::string& why) {
  refuse(file,
         "not a TorchScript module that can be loaded here; export the network with "
         "torch.jit.trace or torch.jit.script, without optimize_for_inference (" +
             why + ")");
}

torch::jit::Module loaded(const std::filesystem::path& file,
                          const at::Device& device,
                          torch::jit::ExtraFilesMap& extra_files) {
  if (!std::filesystem::is_regular_file(file)) refuse(file, "no such file");
  if (c10::InferenceMode::is_enabled()) {
    refuse(file,
           "c10::InferenceMode is active, under which the weights would never carry a gradient: "
           "leave it before loading");
  }
  try {
    torch::jit::Module module = torch::jit::load(file.string(), device, extra_files);
    module.eval();
    return module;
  } catch (const c10::Error& error) {
    refuse_to_load(file, error.what_without_backtrace());
  } catch (const std::exception& error) {  // what optimize_for_inference writes ends up here
    refuse_to_load(file, error.what());
  }
}

/// Arguments that a call must give, `self` not counted.
std::size_t arguments_of(const torch::jit::Module& module, const std::filesystem::path& file) {
  const auto forward = module.find_method("forward");
  if (!forward) refuse(file, "the module has no method forward");
  std::size_t count = 0;
  for (const c10::Argument& argument : forward->function().getSchema().arguments()) {
    if (argument.name() != "self" && !argument.default_value()) ++count;
  }
  return count;
}

std::string text(const at::Tensor& x) {
  std::ostringstream out;
  out << x.sizes() << " of " << x.scalar_type();
  return out.str();
}

}  // namespace

Network load_torchscript(const std::filesystem::path& file, const at::Device& device) {
  torch::jit::ExtraFilesMap no_extra_files;
  torch::jit::Module module = loaded(file, device, no_extra_files);
  for (at::Tensor parameter : module.parameters()) parameter.requires_grad_(false);
  if (const std::size_t found = arguments_of(module, file); found != 2) {
    refuse(file,
           "forward takes " + std::to_string(found) +
               " arguments, expected 2: the noisy batch and its noise label");
  }
  return [module, file](const at::Tensor& x, const at::Tensor& label) mutable {
    const torch::jit::GraphOptimizerEnabledGuard same_bits_at_every_call(false);
    c10::IValue result;
    try {
      result = module.forward({x, label});
    } catch (const std::exception& error) {
      refuse(file,
             "forward failed on x " + text(x) + ", label " + text(label) +
                 "; a trace made with another batch size, type or device does that (" +
                 error.what() + ")");
    }
    if (!result.isTensor()) refuse(file, "forward returned no tensor, expected one like x");
    at::Tensor y = result.toTensor();
    if (y.sizes() != x.sizes() || y.scalar_type() != x.scalar_type()) {
      refuse(file, "forward returned " + text(y) + ", expected one like x, " + text(x));
    }
    if (x.requires_grad() && c10::GradMode::is_enabled() && !y.requires_grad()) {
      refuse(file,
             "the result of forward carries no gradient with respect to x: look for no_grad, "
             "detach or InferenceMode in the module or around the call");
    }
    return y;
  };
}

std::string detail::card_text(const std::filesystem::path& file) {
  std::filesystem::path beside = file;
  beside.replace_extension(".json");
  if (beside != file && std::filesystem::is_regular_file(beside)) {
    std::ifstream in(beside);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  torch::jit::ExtraFilesMap inside{{"stochflow.json", ""}};
  loaded(file, at::kCPU, inside);
  if (inside["stochflow.json"].empty()) {
    refuse(file,
           "nothing says what the network was trained for: expected a file '" + beside.string() +
               "', or 'stochflow.json' inside (docs/examples/export_network.py writes it)");
  }
  return inside["stochflow.json"];
}

}  // namespace stochflow::diffusion
