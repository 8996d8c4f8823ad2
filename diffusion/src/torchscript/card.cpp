#include "card.hpp"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace stochflow::diffusion::detail {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error(what); }

template <class T>
T chosen(const json& card, const std::string& key, const std::map<std::string, T>& values) {
  const std::string found = card.at(key).get<std::string>();
  const auto value = values.find(found);
  if (value != values.end()) return value->second;
  std::string valid;
  for (const auto& entry : values) valid += (valid.empty() ? "" : ", ") + entry.first;
  refuse("'" + key + "' is '" + found + "', expected one of: " + valid);
}

Schedule schedule_of(const json& card) {
  const json& given = card.at("schedule");
  const bool only_name = given.is_string();
  std::map<std::string, double> parameters;
  std::string name;
  Schedule schedule;
  if (only_name) {
    schedule = schedule_by_name(given.get<std::string>());
  } else if (given.contains("betas")) {
    schedule = discrete_vp(given.at("betas").get<std::vector<double>>());
  } else if (given.contains("sigmas")) {
    schedule = discrete_ve(given.at("sigmas").get<std::vector<double>>());
  } else {
    for (const auto& [key, value] : given.items()) {
      if (key != "name") parameters[key] = value.get<double>();
    }
    schedule = schedule_by_name(given.at("name").get<std::string>(), parameters);
  }
  if (!card.contains("times")) return schedule;
  const auto times = card.at("times").get<std::vector<double>>();
  if (times.size() != 2 || !(times[0] >= 0 && times[0] < times[1])) {
    refuse("'times' must be the two ends of the training, the smaller first");
  }
  // Keeps the schedule's own ends where they lie inside.
  return restricted(schedule, schedule.at(times[0]).gamma, schedule.at(times[1]).gamma);
}

GoldenVectors golden_of(const json& given, const std::vector<std::int64_t>& shape) {
  const auto numbers = [&](const char* key) { return given.at(key).get<std::vector<double>>(); };
  GoldenVectors golden{.x = numbers("x"),
                       .label = numbers("label"),
                       .v = numbers("v"),
                       .value = numbers("value"),
                       .gradient = numbers("gradient")};
  std::size_t size = golden.label.size();
  for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
  for (const auto* part : {&golden.x, &golden.v, &golden.value, &golden.gradient}) {
    if (size == 0 || part->size() != size) {
      refuse("the golden vectors x, v, value and gradient must hold " + std::to_string(size) +
             " numbers each, for " + std::to_string(golden.label.size()) + " labels");
    }
    for (const double number : *part) {
      if (!std::isfinite(number)) refuse("the golden vectors are not finite");
    }
  }
  return golden;
}

}  // namespace

NetworkCard parse_card(const std::string& json_text) {
  try {
    const json card = json::parse(json_text);
    for (const auto& entry : card.items()) {
      static const std::vector<std::string> known{"schedule",
                                                  "parametrisation",
                                                  "label",
                                                  "shape",
                                                  "data_range",
                                                  "times",
                                                  "dtype",
                                                  "golden",
                                                  "comment"};
      bool found = false;
      for (const std::string& key : known) found = found || key == entry.key();
      if (!found) refuse("there is no key '" + entry.key() + "'");
    }
    NetworkCard result{
        .schedule = schedule_of(card),
        .parametrisation =
            chosen<Parametrisation>(card,
                                    "parametrisation",
                                    {{"score", Parametrisation::score},
                                     {"eps", Parametrisation::eps},
                                     {"x0", Parametrisation::x0},
                                     {"v", Parametrisation::v},
                                     {"velocity", Parametrisation::velocity},
                                     {"edm-denoiser", Parametrisation::edm_denoiser}}),
        .label = chosen<NoiseLabel>(card,
                                    "label",
                                    {{"t", NoiseLabel::t},
                                     {"999t", NoiseLabel::t_999},
                                     {"sigma", NoiseLabel::sigma},
                                     {"log-sigma/4", NoiseLabel::quarter_log_sigma},
                                     {"log-snr", NoiseLabel::log_snr}}),
        .shape = card.at("shape").get<std::vector<std::int64_t>>(),
        .low = -1,
        .high = 1,
        .double_precision = card.contains("dtype") &&
                            chosen<bool>(card, "dtype", {{"float32", false}, {"float64", true}}),
        .golden = {}};
    for (const std::int64_t extent : result.shape) {
      if (extent < 1) refuse("'shape' must be the extents of one sample, all at least 1");
    }
    if (card.contains("data_range")) {
      const auto range = card.at("data_range").get<std::vector<double>>();
      if (range.size() != 2 || !(range[0] < range[1])) {
        refuse("'data_range' must be two numbers, black and white, the smaller first");
      }
      result.low = range[0];
      result.high = range[1];
    }
    if (card.contains("golden")) result.golden = golden_of(card.at("golden"), result.shape);
    return result;
  } catch (const json::exception& error) {
    refuse(error.what());
  } catch (const std::invalid_argument& error) {
    refuse(error.what());
  }
}

}  // namespace stochflow::diffusion::detail
