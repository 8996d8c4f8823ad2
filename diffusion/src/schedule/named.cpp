// Schedules by the names that the command line and the files of networks use.

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/diffusion/schedule.hpp"

namespace stochflow::diffusion {
namespace {

using Values = std::vector<double>;

struct Entry {
  std::string name;
  std::vector<std::pair<std::string, double>> parameters;  // with the published values
  Schedule (*make)(const Values&);
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{
      {"log-snr",
       {{"gamma_min", -16}, {"gamma_max", 5}},
       [](const Values& p) { return linear_log_snr(p[0], p[1]); }},
      {"vp", {{"beta_min", 0.1}, {"beta_max", 20}}, [](const Values& p) { return vp(p[0], p[1]); }},
      {"subvp",
       {{"beta_min", 0.1}, {"beta_max", 20}},
       [](const Values& p) { return sub_vp(p[0], p[1]); }},
      {"ve",
       {{"sigma_min", 0.01}, {"sigma_max", 50}},
       [](const Values& p) { return ve(p[0], p[1]); }},
      {"ve-linear",
       {{"sigma_min", 0.01}, {"sigma_max", 50}},
       [](const Values& p) { return ve_linear(p[0], p[1]); }},
      {"sigma-t", {{"sigma", 25}}, [](const Values& p) { return sigma_t(p[0]); }},
      {"edm",
       {{"sigma_min", 0.002}, {"sigma_max", 80}},
       [](const Values& p) { return edm(p[0], p[1]); }},
      {"cosine", {{"offset", 0.008}}, [](const Values& p) { return cosine(p[0]); }},
      {"flow", {}, [](const Values&) { return flow(); }},
      {"ddpm",
       {{"beta_first", 1e-4}, {"beta_last", 0.02}, {"n", 1000}},
       [](const Values& p) { return ddpm(p[0], p[1], std::lround(p[2])); }},
      {"smld", {{"sigma_first", 0.01}, {"sigma_last", 1}, {"n", 10}}, [](const Values& p) {
         return smld(p[0], p[1], std::lround(p[2]));
       }}};
  return all;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Schedule schedule_by_name(const std::string& name,
                          const std::map<std::string, double>& parameters) {
  for (const Entry& entry : entries()) {
    if (entry.name != name) continue;
    Values values;
    std::vector<std::string> known;
    std::size_t used = 0;
    for (const auto& [parameter, usual] : entry.parameters) {
      const auto found = parameters.find(parameter);
      used += found != parameters.end();
      values.push_back(found != parameters.end() ? found->second : usual);
      known.push_back(parameter);
    }
    if (used == parameters.size()) return entry.make(values);
    for (const auto& given : parameters) {
      bool matches = false;
      for (const std::string& parameter : known) matches = matches || parameter == given.first;
      if (matches) continue;
      throw std::invalid_argument("schedule '" + name + "' has no parameter '" + given.first +
                                  "', but " + (known.empty() ? "none" : joined(known)));
    }
  }
  throw std::invalid_argument("there is no schedule '" + name + "', but " +
                              joined(schedule_names()));
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.push_back(entry.name);
  return names;
}

}  // namespace stochflow::diffusion
