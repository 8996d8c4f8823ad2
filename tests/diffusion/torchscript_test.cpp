// Networks as TorchScript files: the numbers and gradients are the module's own, and what cannot
// work is refused with a sentence.

#include "stochflow/diffusion/torchscript.hpp"

#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/script.h>
#include <unistd.h>

#include <fstream>
#include <numbers>
#include <sstream>
#include <string>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
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

  /// Writes network.json, with golden vectors of what `right` computes for x_ and label_.
  void describe(const std::string& keys,
                const std::function<at::Tensor(const at::Tensor&)>& right = {}) const {
    std::ofstream out(folder_ / "network.json");
    out << "{" << keys;
    if (right) {
      const auto list = [&](const char* name, const at::Tensor& numbers) {
        out << '"' << name << "\": [";
        const auto values = testing::to_vector(numbers);
        for (std::size_t i = 0; i < values.size(); ++i) out << (i > 0 ? ", " : "") << values[i];
        out << "]";
      };
      out.precision(9);
      const at::Tensor v = at::linspace(1, -2, 12, at::kFloat).view({3, 4});
      const at::Tensor leaf = x_.clone().requires_grad_(true), value = right(leaf);
      out << ", \"golden\": {";
      list("x", x_);
      out << ", ";
      list("label", label_);
      out << ", ";
      list("v", v);
      out << ", ";
      list("value", value);
      out << ", ";
      list("gradient", torch::autograd::grad({value}, {leaf}, {v})[0]);
      out << "}";
    }
    out << "}";
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
  torch::jit::Module convolution("network");
  convolution.register_parameter("w", torch::ones({8, 8, 3, 3}), false);
  convolution.define("def forward(self, x, t):\n  return torch.conv2d(x, self.w, None, 1, 1)\n");
  convolution.register_attribute("training", c10::BoolType::get(), false);
  const auto packed = folder_ / "packed.ts";
  torch::jit::optimize_for_inference(convolution).save(packed.string());
  EXPECT_NE(message([&] { load_torchscript(packed); }).find("without optimize_for_inference"),
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

const std::string denoiser_keys =
    R"("schedule": "edm", "parametrisation": "edm-denoiser", "label": "sigma", "shape": [4])";
const std::string denoiser_text =
    "def forward(self, x, sigma):\n  return x / (1 + sigma * sigma).view(-1, 1)\n";

TEST_F(TorchScript, AFileThatDescribesItselfIsAModelWithItsLikelihood) {
  const auto right = [&](const at::Tensor& x) { return x / (1 + label_ * label_).view({3, 1}); };
  const auto path = file(denoiser_text);
  describe(denoiser_keys, right);
  const ImportedNetwork found = import_network(path);
  EXPECT_LT(found.golden_error, 1e-6);
  EXPECT_EQ(found.description.data_shape, std::vector<std::int64_t>{4});
  EXPECT_NEAR(found.description.gamma_max, 2 * std::log(80.0), 1e-9);
  // The data of this denoiser are N(0, 1).
  const at::Tensor x = at::linspace(-2, 2, 8, at::kDouble).view({2, 4});
  const auto logp = log_likelihood(*found.model,
                                   edm(1e-3, 80),
                                   x,
                                   sample_range(0, 2),
                                   {.trace = Trace::exact,
                                    .tolerance = {.atol = 1e-6, .atol_log_density = 1e-6},
                                    .micro = {.rows = 2}});
  for (int i = 0; i < 2; ++i) {
    const double right_logp =
        -0.5 * x[i].square().sum().item<double>() - 2 * std::log(2 * std::numbers::pi);
    EXPECT_NEAR(logp[static_cast<std::size_t>(i)].log_density, right_logp, 2e-3);
  }
}

TEST_F(TorchScript, TheDescriptionMayLieInsideTheFile) {
  torch::jit::Module module("network");
  module.define(denoiser_text);
  const auto path = folder_ / "inside.ts";
  module.save(path.string(), {{"stochflow.json", "{" + denoiser_keys + "}"}});
  const ImportedNetwork found = import_network(path);
  EXPECT_TRUE(std::isnan(found.golden_error));
  EXPECT_EQ(found.description.data_shape, std::vector<std::int64_t>{4});
  EXPECT_NE(message([&] { import_network(file(denoiser_text)); }).find("network.json"),
            std::string::npos);
}

TEST_F(TorchScript, DataOfAnyRangeAreMovedToTheUnitRange) {
  // N(m, C) on [-1, 1] is N(3 + 2 m, 4 C) on [1, 5].
  using testing::doubles;
  const auto inner =
      std::make_shared<GaussianScore>(doubles({3.6, 2}, {2}), doubles({1, 0.2}, {2}));
  const GaussianScore right(doubles({0.3, -0.5}, {2}), doubles({0.25, 0.05}, {2}));
  const at::Tensor z = doubles({0.3, -1.2, 2, 1, 0, -0.5}, {3, 2});
  const at::Tensor gamma = doubles({-6, 0, 3}, {3});
  const at::Tensor found = in_unit_range(inner, 1, 5)->eps(z, gamma);
  EXPECT_TRUE(at::allclose(found, right.eps(z, gamma), 1e-10, 1e-12));
}

TEST_F(TorchScript, NetworksThatCannotBeTrustedAreRefusedOnLoading) {
  const auto right = [&](const at::Tensor& x) { return x / (1 + label_ * label_).view({3, 1}); };
  const auto refusal = [&](const std::string& forward) {
    const auto path = file(forward);
    return message([&] { import_network(path); });
  };
  const auto expect_part = [](const std::string& whole, const std::string& part) {
    EXPECT_NE(whole.find(part), std::string::npos) << whole;
  };
  describe(denoiser_keys, right);
  expect_part(refusal("def forward(self, x, s):\n  return 1.001 * x / (1 + s * s).view(-1, 1)\n"),
              "does not reproduce its golden vectors");
  expect_part(refusal("def forward(self, x, s):\n"
                      "  return 0.5 * (x + x.detach()) / (1 + s * s).view(-1, 1)\n"),
              "values differ by 0");
  expect_part(refusal("def forward(self, x, s):\n"
                      "  return x.detach() / (1 + s * s).view(-1, 1)\n"),
              "carries no gradient");
  expect_part(refusal("def forward(self, x, s):\n"
                      "  return x.view(3, 4) / (1 + s * s).view(3, 1)\n"),
              "batch size");
  describe(denoiser_keys);
  expect_part(refusal("def forward(self, x, s):\n  return x / x.size(0)\n"), "baked in");
  expect_part(refusal("def forward(self, x, s):\n  return x * torch.rand([1])\n"), "other bits");
  expect_part(refusal("def forward(self, x, s):\n  return x / 0\n"), "not finite");
  const auto good = file(denoiser_text);
  {
    const c10::InferenceMode active;
    expect_part(message([&] { import_network(good); }), "InferenceMode");
  }
  {
    const c10::NoGradGuard active;
    EXPECT_EQ(message([&] { import_network(good); }), "no refusal");
  }
}

TEST_F(TorchScript, DescriptionsAreRefusedWithWhatIsWrong) {
  const auto path = file(denoiser_text);
  const auto expect = [&](const std::string& keys, const std::string& part) {
    describe(keys);
    const std::string found = message([&] { import_network(path); });
    EXPECT_NE(found.find(part), std::string::npos) << found;
  };
  const std::string rest = R"(, "label": "sigma", "shape": [4])";
  expect(R"("parametrisation": "eps")" + rest, "schedule");
  expect(R"("schedule": "vpp", "parametrisation": "eps")" + rest, "no schedule 'vpp'");
  expect(R"("schedule": {"name": "vp", "b": 1}, "parametrisation": "eps")" + rest, "parameter 'b'");
  expect(R"("schedule": "vp", "parametrisation": "noise")" + rest, "one of: edm-denoiser, eps");
  expect(R"("schedule": "vp", "parametrisation": "eps", "range": 1)" + rest, "no key 'range'");
  expect(denoiser_keys + R"(, "data_range": [1, 0])", "'data_range' must be");
  expect(denoiser_keys + R"(, "golden": {"x": [1], "label": [1], "v": [1], "value": [1], )" +
             R"("gradient": [1]})",
         "must hold 4 numbers");
  describe(R"("schedule": {"betas": [0.1, 0.2]}, "times": [0, 0.5], "data_range": [0, 1], )"
           R"("parametrisation": "edm-denoiser", "label": "log-snr", "shape": [4])");
  const auto found = import_network(path).description;
  // 1/9 is the odds of the first level; units of [0, 1] are twice as large.
  EXPECT_NEAR(found.gamma_min, std::log(1.0 / 9) + std::log(4.0), 1e-9);
}

}  // namespace
}  // namespace stochflow::diffusion
