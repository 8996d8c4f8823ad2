// Without a GPU: tensors of the meta device have no numbers, so a hidden read or transfer throws.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "diffusion/support/networks.hpp"
#include "diffusion/support/oracles.hpp"
#include "diffusion/support/samplers.hpp"
#include "stochflow/diffusion/critically_damped.hpp"
#include "stochflow/diffusion/likelihood/flow.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/score.hpp"
#include "stochflow/diffusion/score/velocity_noise.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

TEST(Meta, AStepNeverTouchesTheNumbers) {
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const GaussianScore model(at::zeros({1, 4, 4}, meta), at::ones({1, 4, 4}, meta));
  const at::Tensor x = at::empty({2, 1, 4, 4}, meta);
  const Schedule schedule = vp();
  const ReverseSde sde{schedule, model};
  const Increment<at::Tensor> dB = TensorIncrements(1, {0, 1}, x).increment({0, 0.0, 0.1});
  EXPECT_EQ(dB.W.device().type(), at::kMeta);
  EXPECT_EQ(EulerMaruyama{}.step(sde, x, 0.0, 0.1, dB).sizes(), x.sizes());
  EXPECT_EQ(Heun{}.step(sde, x, 0.0, 0.1, dB).sizes(), x.sizes());
  EXPECT_EQ(langevin_step(model, x, schedule.at(0.5), 0.16, dB.W).sizes(), x.sizes());
  EXPECT_EQ((ProbabilityFlow{schedule, model}(x, 0.5)).sizes(), x.sizes());
  EXPECT_EQ(denoised_at(model, x, schedule.at(0.5)).sizes(), x.sizes());
  LikelihoodFlow flow(model, {1, 4, 4}, at::kFloat, Trace::hutchinson, {.rows = 2});
  flow.set_probes(make_probes(Probe::rademacher, 2, 1, {0, 1}, x));
  const at::Tensor state = at::empty({2, 18}, meta.dtype(at::kDouble));
  EXPECT_EQ(flow(state).sizes(), state.sizes());
}

TEST(Meta, SamplersOnAGridNeverReadFromTheDevice) {
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const Draw draw{.seed = 1, .ids = {0, 1}, .shape = {1, 4, 4}, .options = meta};
  for (const Schedule& schedule : all_schedules()) {
    for (const auto parametrisation : {Parametrisation::eps, Parametrisation::edm_denoiser}) {
      const auto model = from_network(
          [](const at::Tensor& x, const at::Tensor& label) { return beside(label, x) * x; },
          parametrisation,
          NoiseLabel::log_snr,
          schedule);
      for (const auto& [name, sampler] : samplers_on_grids(10)) {
        SCOPED_TRACE(name + " under " + schedule.name);
        const Samples found = sampler(*model, schedule, draw, {});
        EXPECT_TRUE(found.x.is_meta());
        EXPECT_EQ(found.x.sizes(), (std::vector<std::int64_t>{2, 1, 4, 4}));
      }
    }
  }
}

TEST(Meta, TheNetworkAndItsPalettesNeverReadFromTheDevice) {
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  ScoreNetwork network(small_network(8, 8), at::kMeta);
  network.take_palettes(
      {at::zeros({2}, at::kDouble) - std::log(2.0), at::zeros({2, 256}, at::kDouble)});
  const at::Tensor x = at::empty({3, 1, 8, 8}, meta), gamma = at::empty({3}, meta);
  const MixtureOutput out = network.evaluate(x, gamma);
  EXPECT_TRUE(out.eps.is_meta());
  EXPECT_EQ(out.eps.sizes(), x.sizes());
  EXPECT_EQ(out.variance.sizes(), x.sizes());
}

// As if all noise were left.
struct VelocityItself final : VelocityNoisePredictor {
  at::Tensor eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const override {
    return u.v * beside(t.to(u.v.options()), u.v);
  }
};

TEST(Meta, CriticallyDampedNeverReadsFromTheDevice) {
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const Draw draw{.seed = 1, .ids = {0, 1}, .shape = {1, 4, 4}, .options = meta};
  const CriticallyDamped process;
  const VelocityItself model;
  const std::vector<double> times{1, 0.5, 0.1, 1e-3};
  EXPECT_TRUE(sample_sscs(model, process, draw, times).x.is_meta());
  const TensorPhaseSpace start = prior_sample(process, draw);
  const ReverseCriticallyDamped sde{process, model};
  const Increment<at::Tensor> dB = TensorIncrements(1, {0, 1}, start.x).increment({0, 0.0, 0.1});
  EXPECT_TRUE(EulerMaruyama{}.step(sde, start, 0.0, 0.1, dB).v.is_meta());
  EXPECT_TRUE((CriticallyDampedFlow{process, model}(at::stack({start.x, start.v}), 0.5)).is_meta());
  const at::Tensor t = at::full({2}, 0.5, at::kDouble);
  EXPECT_TRUE(hybrid_loss(model, process, start.x, t, start).is_meta());
  const GaussianScore images(at::zeros({1, 4, 4}, meta), at::ones({1, 4, 4}, meta));
  EXPECT_TRUE(VelocityNoise(images, process).eps_v(start, t).is_meta());
}

}  // namespace
}  // namespace stochflow::diffusion
