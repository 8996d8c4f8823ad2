#include "stochflow/diffusion/score.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

/// eps = by_state * z + by_output * output, for each parametrisation; z = x/scale.
struct Reading {
  double by_state = 0;
  double by_output = 0;
};

Reading reading_of(Parametrisation parametrisation, const Level& level) {
  const double scale = level.scale(), a = level.alpha() / scale, s = level.sigma / scale;
  switch (parametrisation) {
    case Parametrisation::score:
      return {0, -level.sigma};
    case Parametrisation::eps:
      return {0, 1};
    case Parametrisation::x0:
    case Parametrisation::edm_denoiser:
      return {1 / s, -a / s};
    case Parametrisation::v:
      return {s, a};
    case Parametrisation::velocity: {
      // u = f x + (sigma d_gamma/2) eps
      const double rate = 0.5 * level.sigma * level.d_gamma;
      return {-level.f() * scale / rate, 1 / rate};
    }
  }
  throw std::invalid_argument("from_network: this parametrisation is none of the enumerators");
}

class FromNetwork final : public NoisePredictor {
 public:
  FromNetwork(Network network, Parametrisation parametrisation, NoiseLabel label, Schedule schedule)
      : network_(std::move(network)),
        parametrisation_(parametrisation),
        label_(label),
        schedule_(std::move(schedule)) {}

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    const at::Tensor gammas = gamma.to(at::kCPU, at::kDouble).contiguous();
    const std::int64_t B = gammas.numel();
    // Columns: scale of the input, label, and the two factors of the reading.
    const at::Tensor table = at::empty({4, B}, at::kDouble);
    double* const rows = table.data_ptr<double>();
    for (std::int64_t i = 0; i < B; ++i) {
      const Level level = schedule_.at(schedule_.time_of(gammas.data_ptr<double>()[i]));
      const bool edm = parametrisation_ == Parametrisation::edm_denoiser;
      const Reading reading = reading_of(parametrisation_, level);
      rows[i] = edm ? level.scale() / level.alpha() : level.scale();
      rows[B + i] = label_value(label_, level, edm ? level.sigma_hat() : level.sigma);
      rows[2 * B + i] = reading.by_state;
      rows[3 * B + i] = reading.by_output;
    }
    const std::vector<at::Tensor> columns = table.to(z.options()).unbind(0);
    const at::Tensor output = network_(beside(columns[0], z) * z, columns[1]);
    return beside(columns[2], z) * z + beside(columns[3], z) * output;
  }

 private:
  Network network_;
  Parametrisation parametrisation_;
  NoiseLabel label_;
  Schedule schedule_;
};

}  // namespace

double label_value(NoiseLabel label, const Level& level, double sigma) {
  switch (label) {
    case NoiseLabel::t:
      return level.t;
    case NoiseLabel::t_999:
      return 999 * level.t;
    case NoiseLabel::sigma:
      return sigma;
    case NoiseLabel::quarter_log_sigma:
      return 0.25 * std::log(sigma);
    case NoiseLabel::log_snr:
      return -level.gamma;
  }
  throw std::invalid_argument("label_value: this noise label is none of the enumerators");
}

std::shared_ptr<NoisePredictor> from_network(Network network,
                                             Parametrisation parametrisation,
                                             NoiseLabel label,
                                             Schedule schedule) {
  return std::make_shared<FromNetwork>(
      std::move(network), parametrisation, label, std::move(schedule));
}

at::Tensor noise_at(const NoisePredictor& model, const at::Tensor& x, const Level& level) {
  return model.eps((1 / level.scale()) * x, one_level(level.gamma, x));
}

at::Tensor score_at(const NoisePredictor& model, const at::Tensor& x, const Level& level) {
  return (-1 / level.sigma) * noise_at(model, x, level);
}

at::Tensor denoised_at(const NoisePredictor& model, const at::Tensor& x, const Level& level) {
  return (1 / level.alpha()) * (x - level.sigma * noise_at(model, x, level));
}

}  // namespace stochflow::diffusion
