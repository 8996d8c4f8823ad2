#include <ATen/ATen.h>

#include <stdexcept>

#include "module_file.hpp"
#include "palette_tensors.hpp"
#include "stochflow/diffusion/nets/description.hpp"
#include "stochflow/diffusion/nets/unet.hpp"

namespace stochflow::diffusion {
namespace {

constexpr const char* format = "stochflow score network 1";
constexpr const char* classifier_format = "stochflow classifier 1";
constexpr const char* palettes_format = "stochflow palettes 1";
constexpr const char* beside_weights = "palettes/";

detail::NetworkParts parts_of(const ScoreNetwork& network) {
  const ScoreNetworkConfig& c = network.config();
  return {.module = network.unet(),
          .image = {c.image_channels, c.height, c.width},
          .respond = [&network](const at::Tensor& z, const at::Tensor& gamma) {
            return network.eps(z, gamma);
          }};
}

detail::NetworkParts parts_of(Classifier& network) {
  const ClassifierConfig& c = network.config();
  return {.module = network,
          .image = {c.image_channels, c.height, c.width},
          .respond = [&network](const at::Tensor& z, const at::Tensor& gamma) {
            return network.evaluate(z, gamma).logits;
          }};
}

// What `read` makes of it, its std::invalid_argument as a sentence about the file.
template <class Read>
auto read_or_fail(const std::filesystem::path& file, const Read& read) {
  try {
    return read();
  } catch (const std::invalid_argument& error) {
    detail::fail(file, error.what());
  }
}

TensorFile content_of(const std::filesystem::path& file,
                      const std::string& what,
                      const std::string& expected_format) {
  TensorFile content = read_tensors(file);
  const std::string found = detail::text_of(content, "format");
  if (found != expected_format) {
    detail::fail(file,
                 "not a " + what + " of stochflow (its format is '" + found + "', expected '" +
                     expected_format + "')");
  }
  return content;
}

NetworkDescription description_of(const TensorFile& content,
                                  const detail::NetworkParts& parts,
                                  double gamma_min,
                                  double gamma_max) {
  return {.data_shape = parts.image,
          .gamma_min = gamma_min,
          .gamma_max = gamma_max,
          .data = detail::text_of(content, "data"),
          .recipe = detail::text_of(content, "recipe")};
}

// Beside the tensors in `content`.
void save(const std::filesystem::path& file,
          const std::string& file_format,
          const std::string& config,
          const torch::nn::Module& module,
          const detail::NetworkParts& stored,
          const NetworkDescription& description,
          at::ScalarType storage,
          TensorFile content = {}) {
  detail::put_network(content, module, stored, storage);
  content.metadata = {{"format", file_format},
                      {"network", config},
                      {"data", description.data},
                      {"recipe", description.recipe}};
  write_tensors(file, content);
}

}  // namespace

void save_score_network(const std::filesystem::path& file,
                        const ScoreNetwork& network,
                        const NetworkDescription& description,
                        at::ScalarType storage) {
  ScoreNetwork stored(network.config(), network.unet().output_bias().device());
  TensorFile content;
  if (const auto palettes = network.palettes()) {
    detail::put_palettes(content, *palettes, beside_weights, at::kFloat);
    stored.take_palettes(detail::rounded(*palettes));
  }
  save(file,
       format,
       to_json(network.config()),
       network.unet(),
       parts_of(stored),
       description,
       storage,
       std::move(content));
}

LoadedNetwork load_network(const std::filesystem::path& file, const std::string& device) {
  const TensorFile content = content_of(file, "score network", format);
  const auto network = read_or_fail(file, [&] {
    auto empty = std::make_shared<ScoreNetwork>(
        network_config_from_json(detail::text_of(content, "network")), at::Device(device));
    const auto palettes = detail::palettes_in(content, beside_weights);
    if (palettes) empty->take_palettes(*palettes);
    return empty;
  });
  const detail::NetworkParts parts = parts_of(*network);
  detail::take_network(file, content, parts);
  const ScoreNetworkConfig& config = network->config();
  return {network, description_of(content, parts, config.gamma_min, config.gamma_max)};
}

std::shared_ptr<NoisePredictor> load_score_network(const std::filesystem::path& file,
                                                   const std::string& device) {
  return load_network(file, device).network;
}

void save_palettes(const std::filesystem::path& file,
                   const Palettes& palettes,
                   const std::string& data,
                   const std::string& recipe) {
  TensorFile content{.tensors = {},
                     .metadata = {{"format", palettes_format}, {"data", data}, {"recipe", recipe}}};
  detail::put_palettes(content, palettes, "", at::kFloat);
  write_tensors(file, content);
}

Palettes load_palettes(const std::filesystem::path& file) {
  const TensorFile content = content_of(file, "set of palettes", palettes_format);
  const auto palettes = read_or_fail(file, [&] { return detail::palettes_in(content, ""); });
  if (!palettes) detail::fail(file, "has neither log_weights nor log_ratios");
  return *palettes;
}

void save_classifier(const std::filesystem::path& file,
                     const Classifier& classifier,
                     const NetworkDescription& description,
                     at::ScalarType storage) {
  Classifier stored(classifier.config(), classifier.parameters().front().device());
  save(file,
       classifier_format,
       to_json(classifier.config()),
       classifier,
       parts_of(stored),
       description,
       storage);
}

LoadedClassifier load_classifier(const std::filesystem::path& file, const std::string& device) {
  const TensorFile content = content_of(file, "classifier", classifier_format);
  const auto classifier = read_or_fail(file, [&] {
    return std::make_shared<Classifier>(
        classifier_config_from_json(detail::text_of(content, "network")), at::Device(device));
  });
  const detail::NetworkParts parts = parts_of(*classifier);
  detail::take_network(file, content, parts);
  const ClassifierConfig& config = classifier->config();
  return {classifier, description_of(content, parts, config.gamma_min, config.gamma_max)};
}

}  // namespace stochflow::diffusion
