#include "stochflow/diffusion/nets/mixture_head.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

const MixturePrior prior = MixturePrior::grey_levels({0, 128, 253, 254, 255}, 3);

at::Tensor draws(std::uint64_t draw, at::IntArrayRef shape) {
  return normals(RandomStream(11, Purpose::probe),
                 sample_range(0, shape[0]),
                 draw,
                 at::empty(shape, at::kDouble));
}

struct Case {
  at::Tensor outputs, z, alpha, sigma, x;
};

// Six samples over the whole range of noise; pixels on boxes, between them, and (the last sample)
// far from what the noise level allows.
Case make_case() {
  Case c;
  const at::Tensor gamma = at::linspace(-16, 5, 6, at::kDouble);
  c.alpha = at::sqrt(at::sigmoid(-gamma));
  c.sigma = at::sqrt(at::sigmoid(gamma));
  c.outputs = draws(0, {6, prior.channels(), 4, 5});
  c.outputs.narrow(1, 5 + 2 * 3, 3).sub_(1.5);
  const at::Tensor levels = at::empty({6, 4, 5}, at::kDouble);
  for (std::int64_t i = 0; i < levels.numel(); ++i) {
    const int choices[] = {0, 0, 17, 128, 253, 254, 255, 100};
    levels.data_ptr<double>()[i] = choices[i % 8];
  }
  const at::Tensor u = at::sigmoid(draws(1, {6, 4, 5}));
  c.x = (levels + u) / 128 - 1;
  const auto column = [](const at::Tensor& t) { return t.view({6, 1, 1}); };
  c.z = column(c.alpha) * c.x + column(c.sigma) * draws(2, {6, 4, 5});
  c.z[0] += 0.01;  // 30 noise widths away from anything
  return c;
}

// Posterior of one pixel by Simpson's rule on the prior's density times the noise's.
struct Posterior {
  double mean, variance, log_evidence;
};
Posterior quadrature(const std::vector<double>& outputs, double y, double s) {
  const std::size_t boxes = prior.box_lows.size(), m = static_cast<std::size_t>(prior.gaussians);
  constexpr int cells = 20000;
  double mass = 0, first = 0, second = 0;
  const auto integrate = [&](double low, double high, const auto& density) {
    const double h = (high - low) / cells;
    for (int i = 0; i <= cells; ++i) {
      const double x = low + h * i, u = (y - x) / s;
      const double simpson = (i == 0 || i == cells) ? 1 : (i % 2 == 1 ? 4 : 2);
      const double w =
          simpson * h / 3 * density(x) * std::exp(-0.5 * u * u) / (s * std::sqrt(2 * M_PI));
      mass += w;
      first += w * x;
      second += w * x * x;
    }
  };
  for (std::size_t k = 0; k < boxes; ++k) {
    const double low = prior.box_lows[k];
    integrate(
        low, low + prior.box_width, [&](double) { return std::exp(outputs[k]) / prior.box_width; });
  }
  for (std::size_t j = 0; j < m; ++j) {
    const double centre = outputs[boxes + m + j], width = std::exp(outputs[boxes + 2 * m + j]);
    const double reach = 12 * std::min(s, width);
    const double middle = (width * width * y + s * s * centre) / (width * width + s * s);
    integrate(middle - reach, middle + reach, [&](double x) {
      const double u = (x - centre) / width;
      return std::exp(outputs[boxes + j] - 0.5 * u * u) / (width * std::sqrt(2 * M_PI));
    });
  }
  const double mean = first / mass;
  return {mean, second / mass - mean * mean, std::log(mass)};
}

TEST(MixtureHead, IsTheBayesPosteriorOfItsPrior) {
  const Case c = make_case();
  for (std::int64_t sample = 1; sample < 6; ++sample) {
    const double s = c.sigma[sample].item<double>() / c.alpha[sample].item<double>();
    const auto row = [&](const at::Tensor& t) { return t.narrow(0, sample, 1); };
    const MixtureOutput out =
        mixture_posterior(prior, row(c.outputs), row(c.z), row(c.alpha), row(c.sigma), row(c.x));
    double surprise = 0;
    for (std::int64_t p = 0; p < 20; ++p) {
      std::vector<double> outputs;
      for (std::int64_t k = 0; k < prior.channels(); ++k) {
        outputs.push_back(c.outputs[sample].view({-1, 20})[k][p].item<double>());
      }
      const double y = c.z[sample].view({20})[p].item<double>() / c.alpha[sample].item<double>();
      const Posterior expected = quadrature(outputs, y, s);
      EXPECT_NEAR(out.eps.view({20})[p].item<double>(), (y - expected.mean) / s, 1e-7);
      EXPECT_NEAR(out.variance.view({20})[p].item<double>(), expected.variance, 1e-7 * (1 + y * y));
      // The prior's density at the clean value.
      const double x = c.x[sample].view({20})[p].item<double>();
      double density = 0;
      for (std::size_t k = 0; k < 5; ++k) {
        if (x >= prior.box_lows[k] && x < prior.box_lows[k] + prior.box_width) {
          density += std::exp(outputs[k]) / prior.box_width;
        }
      }
      for (std::size_t j = 0; j < 3; ++j) {
        const double width = std::exp(outputs[11 + j]), u = (x - outputs[8 + j]) / width;
        density += std::exp(outputs[5 + j] - 0.5 * u * u) / (width * std::sqrt(2 * M_PI));
      }
      surprise += expected.log_evidence - std::log(density);
    }
    EXPECT_NEAR(out.surprise.item<double>(), surprise, 1e-6);
  }
}

void expect_close(const at::Tensor& found, const at::Tensor& expected, double tolerance) {
  const double size = expected.abs().max().item<double>();
  EXPECT_LT((found - expected).abs().max().item<double>(), tolerance * (size + 1e-3));
}

TEST(MixtureHead, KernelAgreesWithTheComposedText) {
  const Case c = make_case();
  const auto gradients = [&](const auto& head) {
    const at::Tensor outputs = c.outputs.clone().requires_grad_(true);
    const at::Tensor z = c.z.clone().requires_grad_(true);
    const MixtureOutput out = head(prior, outputs, z, c.alpha, c.sigma, c.x);
    const at::Tensor loss =
        (out.eps * draws(3, {6, 4, 5})).sum() + (out.surprise * draws(4, {6, 1}).flatten()).sum();
    auto result = torch::autograd::grad({loss}, {outputs, z});
    result.push_back(out.eps.detach());
    result.push_back(out.surprise.detach());
    result.push_back(out.variance);
    return result;
  };
  const auto found = gradients(mixture_posterior), expected = gradients(mixture_posterior_composed);
  for (std::size_t i = 0; i < found.size(); ++i) {
    SCOPED_TRACE(i);
    for (std::int64_t sample = 0; sample < 6; ++sample) {
      expect_close(found[i][sample], expected[i][sample], 1e-7);
    }
  }
}

TEST(MixtureHead, DiagonalDerivativeIsThePosteriorVariance) {
  const Case c = make_case();
  const at::Tensor z = c.z.clone().requires_grad_(true);
  const MixtureOutput out = mixture_posterior(prior, c.outputs, z, c.alpha, c.sigma);
  // At fixed outputs pixels are independent, so the row sums are the diagonal. eps = (y - x_hat)/s,
  // y = z/alpha, d x_hat/d y = variance/s^2.
  const auto by_z = torch::autograd::grad({out.eps.sum()}, {z})[0];
  const auto column = [](const at::Tensor& t) { return t.view({6, 1, 1}); };
  const at::Tensor s = column(c.sigma / c.alpha);
  expect_close(by_z * column(c.sigma), 1 - out.variance / (s * s), 1e-9);
  EXPECT_FALSE(out.surprise.defined());
}

TEST(MixtureHead, FloatFollowsDoubleAndEmptyPriorsAreRefused) {
  const Case c = make_case();
  const auto narrow = [](const at::Tensor& t) { return t.to(at::kFloat); };
  const at::Tensor in_float =
      mixture_posterior(prior, narrow(c.outputs), narrow(c.z), narrow(c.alpha), narrow(c.sigma))
          .eps;
  const at::Tensor rounded = mixture_posterior(prior,
                                               narrow(c.outputs).to(at::kDouble),
                                               narrow(c.z).to(at::kDouble),
                                               narrow(c.alpha).to(at::kDouble),
                                               narrow(c.sigma).to(at::kDouble))
                                 .eps;
  expect_close(in_float, rounded, 1e-6);
  EXPECT_THROW(mixture_posterior({}, c.outputs, c.z, c.alpha, c.sigma), std::invalid_argument);
  EXPECT_THROW(mixture_posterior(prior, c.outputs.narrow(1, 0, 3), c.z, c.alpha, c.sigma),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
