#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "stochflow/diffusion/train/trainer.hpp"
#include "stochflow/noise/philox.hpp"

namespace stochflow::diffusion {

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
                        {"beta1", s.beta1},
                        {"beta2", s.beta2},
                        {"epsilon", s.epsilon},
                        {"clip", s.clip},
                        {"average", s.average},
                        {"surprise", s.surprise},
                        {"surprise_until", s.surprise_until},
                        {"gamma_slices", s.gamma_slices},
                        {"mixed_precision", s.mixed_precision}}
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
            .beta1 = j.at("beta1"),
            .beta2 = j.at("beta2"),
            .epsilon = j.at("epsilon"),
            .clip = j.at("clip"),
            .average = j.at("average"),
            .surprise = j.at("surprise"),
            .surprise_until = j.at("surprise_until"),
            .gamma_slices = j.at("gamma_slices").get<std::vector<double>>(),
            .mixed_precision = j.at("mixed_precision")};
  } catch (const nlohmann::json::exception& error) {
    throw std::invalid_argument(std::string("the settings of the run are incomplete: ") +
                                error.what());
  }
}

std::string to_json(const ScoreNetworkConfig& c) {
  return nlohmann::json{{"family", "unet"},
                        {"head", c.head == Head::noise ? "noise" : "mixture-posterior"},
                        {"channels", c.channels},
                        {"deep_channels", c.deep_channels},
                        {"blocks_down", c.blocks_down},
                        {"blocks_deep", c.blocks_deep},
                        {"blocks_up", c.blocks_up},
                        {"attention_heads", c.heads},
                        {"groups", c.groups},
                        {"embedding", c.embedding},
                        {"image", {c.image_channels, c.height, c.width}},
                        {"gamma", {c.gamma_min, c.gamma_max}},
                        {"box_levels", c.box_levels},
                        {"gaussians", c.gaussians}}
      .dump();
}

ScoreNetworkConfig network_config_from_json(const std::string& text) {
  try {
    const nlohmann::json j = nlohmann::json::parse(text);
    const auto family = j.at("family").get<std::string>(), head = j.at("head").get<std::string>();
    if (family != "unet" || (head != "noise" && head != "mixture-posterior")) {
      throw std::invalid_argument("unknown network " + family + " with head " + head +
                                  "; known: unet with mixture-posterior or noise");
    }
    return {.channels = j.at("channels"),
            .deep_channels = j.at("deep_channels"),
            .blocks_down = j.at("blocks_down"),
            .blocks_deep = j.at("blocks_deep"),
            .blocks_up = j.at("blocks_up"),
            .heads = j.at("attention_heads"),
            .groups = j.at("groups"),
            .embedding = j.at("embedding"),
            .image_channels = j.at("image").at(0),
            .height = j.at("image").at(1),
            .width = j.at("image").at(2),
            .gamma_min = j.at("gamma").at(0),
            .gamma_max = j.at("gamma").at(1),
            .head = head == "noise" ? Head::noise : Head::mixture_posterior,
            .box_levels = j.at("box_levels").get<std::vector<int>>(),
            .gaussians = j.at("gaussians")};
  } catch (const nlohmann::json::exception& error) {
    throw std::invalid_argument(std::string("the description of the network is incomplete: ") +
                                error.what());
  }
}

}  // namespace stochflow::diffusion
