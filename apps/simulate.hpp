#pragma once

// `stochflow simulate MODEL`: an ensemble of a model from stochflow/models, its moments against the
// exact ones, its quantiles over time. The pieces are declared here because the demo uses them too.

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "support/plot.hpp"
#include "support/table.hpp"

namespace stochflow::apps {

/// What to simulate. Empty and zero fields stand for the model's own defaults.
struct SimulateRequest {
  std::string model;
  std::string method = {};  // the first that the model lists
  double t1 = 0;
  std::int64_t steps = 0;
  std::int64_t paths = 10000;
  std::uint64_t seed = 1;
  int threads = 0;                         // 0: one for each processor
  int times = 101;                         // at most so many equidistant times are kept
  std::vector<double> start = {};          // x0
  std::map<std::string, double> set = {};  // parameters of the model by name
  std::function<void(std::int64_t)> progress = {};
  bool keep_values = false;      // of EnsembleOptions
  LeafReduction reduction = {};  // likewise
};

struct ExactMoments {
  std::optional<double> mean;
  std::optional<double> variance;
};

struct SimulateReport {
  std::string model, description, method;
  std::map<std::string, double> parameters;  // as used
  std::vector<double> start;
  double t1 = 0;
  std::int64_t steps = 0;
  std::vector<std::string> observables;
  EnsembleResult ensemble;                       // with quantiles
  std::vector<std::vector<ExactMoments>> exact;  // [times][observables]
};

/// One of the models that can be simulated.
struct ModelEntry {
  std::string name;
  std::string description;  // its equation
  std::map<std::string, double> parameters;
  std::vector<std::string> methods;  // those that claim an order on it
  std::vector<double> start;
  double t1 = 1;
  std::int64_t steps = 0;
  std::function<SimulateReport(const SimulateRequest&)> run;
};
const std::vector<ModelEntry>& simulate_models();

/// Throws UsageError for unknown names and impossible numbers, std::runtime_error when every
/// trajectory failed.
SimulateReport run_simulate(const SimulateRequest& request);

/// (sample - exact) / standard error; nothing when the exact value is unknown or the error is zero.
std::optional<double> z_score(double sample, double standard_error, std::optional<double> exact);

/// Means and variances at the end with standard errors, exact values and z-scores.
Table moments_table(const SimulateReport& report);
nlohmann::json simulate_results(const SimulateReport& report);
/// Columns time, observable, mean, ..., q95; one row for each time and observable.
std::string moments_csv(const SimulateReport& report);

/// A panel for each observable: bands between the 5 % and 95 %, and the 25 % and 75 % quantiles,
/// the median, the mean and the exact mean, over time.
std::vector<Plot> fan_plots(const SimulateReport& report);
std::vector<Plot> histogram_plots(const SimulateReport& report);
/// The last values of one observable as bars of characters.
std::string terminal_histogram(const SimulateReport& report, std::size_t observable);

}  // namespace stochflow::apps
