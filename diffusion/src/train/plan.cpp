#include "stochflow/diffusion/train/plan.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "stochflow/noise/philox.hpp"

namespace stochflow::diffusion {

std::string name(Optimiser optimiser) { return optimiser == Optimiser::muon ? "muon" : "adam"; }

Optimiser optimiser_named(const std::string& name) {
  if (name == "adam") return Optimiser::adam;
  if (name == "muon") return Optimiser::muon;
  throw std::invalid_argument("unknown optimiser '" + name + "'; one of: adam, muon");
}

double learning_rate_at(const TrainSettings& s, std::int64_t step) {
  const double rise =
      s.warm_up > 0 ? std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(s.warm_up))
                    : 1.0;
  const double done = std::min(1.0, static_cast<double>(step) / static_cast<double>(s.steps));
  return s.learning_rate * rise * 0.5 * (1 + std::cos(M_PI * done));
}

namespace {

// Fisher-Yates with keyed bits.
std::vector<std::int64_t> permutation(std::uint64_t seed, std::uint64_t epoch, std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const RandomStream stream(seed, Purpose::shuffle);
  for (std::int64_t i = n - 1; i > 0; --i) {
    const auto b = stream.bits(epoch, static_cast<std::uint64_t>(i), 0);
    const std::uint64_t word = static_cast<std::uint64_t>(b[1]) << 32 | b[0];
    std::swap(order[static_cast<std::size_t>(i)], order[word % static_cast<std::uint64_t>(i + 1)]);
  }
  return order;
}

}  // namespace

at::Tensor batch_indices(std::uint64_t seed,
                         std::int64_t step,
                         std::int64_t batch,
                         std::int64_t n) {
  at::Tensor indices = at::empty({batch}, at::kLong);
  auto* const to = indices.data_ptr<std::int64_t>();
  std::int64_t epoch = -1;
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < batch; ++i) {
    const std::int64_t position = step * batch + i;
    if (position / n != epoch) {
      epoch = position / n;
      order = permutation(seed, static_cast<std::uint64_t>(epoch), n);
    }
    to[i] = order[static_cast<std::size_t>(position % n)];
  }
  return indices;
}

at::Tensor slice_values(const std::vector<double>& values,
                        const at::Tensor& gamma,
                        double gamma_min,
                        double gamma_max) {
  const double count = static_cast<double>(values.size());
  const at::Tensor slice = ((gamma.to(at::kDouble) - gamma_min) * (count / (gamma_max - gamma_min)))
                               .clamp(0, count - 0.5)
                               .to(at::kLong);
  return at::tensor(values, at::kDouble).index_select(0, slice);
}

NoiseLevels draw_noise_levels(double gamma_min,
                              double gamma_max,
                              const std::vector<double>& slices,
                              std::int64_t batch,
                              double u) {
  const std::vector<double> mass = slices.empty() ? std::vector<double>{1} : slices;
  for (const double m : mass) {
    if (!(m > 0)) throw std::invalid_argument("frequencies of gamma slices must be positive");
  }
  const double total = std::accumulate(mass.begin(), mass.end(), 0.0);
  const double count = static_cast<double>(mass.size());
  NoiseLevels levels{at::empty({batch}, at::kDouble), at::empty({batch}, at::kDouble)};
  for (std::int64_t i = 0; i < batch; ++i) {
    double rest = total * (static_cast<double>(i) + u) / static_cast<double>(batch);
    std::size_t k = 0;
    while (k + 1 < mass.size() && rest >= mass[k]) rest -= mass[k++];
    const double position = (static_cast<double>(k) + std::min(1.0, rest / mass[k])) / count;
    levels.gamma.data_ptr<double>()[i] = gamma_min + (gamma_max - gamma_min) * position;
    levels.weight.data_ptr<double>()[i] = total / (count * mass[k]);
  }
  return levels;
}

std::string to_json(const TrainSettings& s) {
  return nlohmann::json{{"seed", s.seed},
                        {"steps", s.steps},
                        {"batch", s.batch},
                        {"parts", s.parts},
                        {"learning_rate", s.learning_rate},
                        {"warm_up", s.warm_up},
                        {"optimiser", name(s.optimiser)},
                        {"momentum", s.momentum},
                        {"beta1", s.beta1},
                        {"beta2", s.beta2},
                        {"epsilon", s.epsilon},
                        {"clip", s.clip},
                        {"average", s.average},
                        {"surprise", s.surprise},
                        {"surprise_until", s.surprise_until},
                        {"gamma_slices", s.gamma_slices},
                        {"slice_weights", s.slice_weights},
                        {"mixed_precision", s.mixed_precision},
                        {"unlabelled", s.unlabelled}}
      .dump();
}

TrainSettings train_settings_from_json(const std::string& text) {
  try {
    const nlohmann::json j = nlohmann::json::parse(text);
    return {.seed = j.at("seed"),
            .steps = j.at("steps"),
            .batch = j.at("batch"),
            .parts = j.at("parts"),
            .learning_rate = j.at("learning_rate"),
            .warm_up = j.at("warm_up"),
            .optimiser = optimiser_named(j.value("optimiser", "adam")),
            .momentum = j.value("momentum", TrainSettings{}.momentum),
            .beta1 = j.at("beta1"),
            .beta2 = j.at("beta2"),
            .epsilon = j.at("epsilon"),
            .clip = j.at("clip"),
            .average = j.at("average"),
            .surprise = j.at("surprise"),
            .surprise_until = j.at("surprise_until"),
            .gamma_slices = j.at("gamma_slices").get<std::vector<double>>(),
            .slice_weights = j.value("slice_weights", std::vector<double>{}),
            .mixed_precision = j.at("mixed_precision"),
            .unlabelled = j.value("unlabelled", TrainSettings{}.unlabelled)};
  } catch (const nlohmann::json::exception& error) {
    throw std::invalid_argument(std::string("the settings of the run are incomplete: ") +
                                error.what());
  }
}

}  // namespace stochflow::diffusion
