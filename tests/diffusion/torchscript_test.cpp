// Networks as TorchScript files: the numbers and gradients are the module's own, and what cannot
// work is refused with a sentence.

#include "stochflow/diffusion/torchscript.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/script.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "stochflow/diffusion/samplers/ode.hpp"

namespace stochflow::diffusion {
namespace {

class TorchScript : public ::testing::Test {
 protected:
  TorchScript() { std::filesystem::create_directories(folder_); }
  ~TorchScript() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& forward) const {
    torch::jit::Module module("network");
    module.register_parameter("w", torch::full({}, 1.5), false);
    module.define(forward);
    const auto path = folder_ / "network.ts";
    module.save(path.string());
    return path;
  }

  static std::string message(const std::function<void()>& act) {
    try {
      act();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no refusal";
  }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                        ("stochflow-torchscript-" + std::to_string(::getpid()));
  const at::Tensor x_ = at::linspace(-1, 1, 12, at::kFloat).view({3, 4});
  const at::Tensor label_ = at::tensor({0.5, 1.0, 2.0}, at::kFloat);
};

TEST_F(TorchScript, GivesTheModulesNumbersAndGradientsTheSameAtEveryCall) {
  const Network network = load_torchscript(
      file("def forward(self, x, label):\n  return torch.tanh(self.w * x) / label.view(-1, 1)\n"));
  at::Tensor first_gradient;
  for (int call = 0; call < 4; ++call) {
    const at::Tensor x = x_.clone().requires_grad_(true);
    const at::Tensor y = network(x, label_);
    EXPECT_TRUE(at::allclose(y, at::tanh(1.5 * x_) / label_.view({-1, 1}), 1e-6, 1e-6));
    const at::Tensor gradient = torch::autograd::grad({y.sum()}, {x})[0];
    const at::Tensor t = at::tanh(1.5 * x_);
    EXPECT_TRUE(at::allclose(gradient, 1.5 * (1 - t * t) / label_.view({-1, 1}), 1e-5, 1e-6));
    if (call == 0) first_gradient = gradient;
    EXPECT_TRUE(gradient.equal(first_gradient)) << "call " << call;
  }
}

TEST_F(TorchScript, SamplesLikeAnyOtherModel) {
  // The exact denoiser of N(0, 1) data: D(x, sigma) = x/(1 + sigma^2).
  const auto model = from_network(
      load_torchscript(
          file("def forward(self, x, sigma):\n  return x / (1 + sigma * sigma).view(-1, 1)\n")),
      Parametrisation::edm_denoiser,
      NoiseLabel::sigma,
      edm());
  const Draw draw{.seed = 3, .ids = sample_range(0, 2000), .shape = {2}, .options = at::kDouble};
  const Samples samples = sample_ode(*model, vp(), draw, {.rtol = 1e-5, .atol = 1e-5});
  // 4000 normals: the standard error of their variance is sqrt(2/4000).
  EXPECT_NEAR(samples.x.var().item<double>(), 1.0, 6 * std::sqrt(2.0 / 4000));
}

TEST_F(TorchScript, RefusesWithASentence) {
  EXPECT_NE(message([&] { load_torchscript(folder_ / "none.ts"); }).find("no such file"),
            std::string::npos);
  std::ofstream(folder_ / "text.ts") << "not a module";
  EXPECT_NE(message([&] { load_torchscript(folder_ / "text.ts"); }).find("torch.jit.trace"),
            std::string::npos);
  EXPECT_NE(message([&] {
              load_torchscript(file("def forward(self, x):\n  return x\n"));
            }).find("takes 1 arguments, expected 2"),
            std::string::npos);
  EXPECT_NE(message([&] {
              load_torchscript(file("def forward(self, x, t):\n  return x.sum()\n"))(x_, label_);
            }).find("expected one like x, [3, 4] of Float"),
            std::string::npos);
  const Network detached =
      load_torchscript(file("def forward(self, x, t):\n  return x.detach() * 2\n"));
  EXPECT_NO_THROW(detached(x_, label_));
  EXPECT_NE(message([&] { detached(x_.clone().requires_grad_(true), label_); }).find("no gradient"),
            std::string::npos);
}

}  // namespace
}  // namespace stochflow::diffusion
