#include "stochflow/diffusion/nets/description.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace stochflow::diffusion {

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
                        {"gaussians", c.gaussians},
                        {"classes", c.classes}}
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
            .gaussians = j.at("gaussians"),
            .classes = j.value("classes", std::int64_t{0})};
  } catch (const nlohmann::json::exception& error) {
    throw std::invalid_argument(std::string("the description of the network is incomplete: ") +
                                error.what());
  }
}

std::string to_json(const ClassifierConfig& c) {
  return nlohmann::json{{"family", "classifier"},
                        {"classes", c.classes},
                        {"channels", c.channels},
                        {"deep_channels", c.deep_channels},
                        {"blocks", c.blocks},
                        {"groups", c.groups},
                        {"embedding", c.embedding},
                        {"image", {c.image_channels, c.height, c.width}},
                        {"gamma", {c.gamma_min, c.gamma_max}}}
      .dump();
}

ClassifierConfig classifier_config_from_json(const std::string& text) {
  try {
    const nlohmann::json j = nlohmann::json::parse(text);
    if (j.at("family") != "classifier") {
      throw std::invalid_argument("expected a classifier, found a network of the family " +
                                  j.at("family").dump());
    }
    return {.classes = j.at("classes"),
            .image_channels = j.at("image").at(0),
            .height = j.at("image").at(1),
            .width = j.at("image").at(2),
            .channels = j.at("channels"),
            .deep_channels = j.at("deep_channels"),
            .blocks = j.at("blocks"),
            .groups = j.at("groups"),
            .embedding = j.at("embedding"),
            .gamma_min = j.at("gamma").at(0),
            .gamma_max = j.at("gamma").at(1)};
  } catch (const nlohmann::json::exception& error) {
    throw std::invalid_argument(std::string("the description of the classifier is incomplete: ") +
                                error.what());
  }
}

}  // namespace stochflow::diffusion
