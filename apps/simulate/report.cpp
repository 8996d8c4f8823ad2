// From an ensemble to what people and programs read: tables, CSV, JSON, plots, terminal bars.

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "simulate.hpp"

namespace stochflow::apps {
namespace {

constexpr std::array<double, 5> levels{0.05, 0.25, 0.5, 0.75, 0.95};

/// [levels] at one time.
std::vector<double> quantiles(const SimulateReport& report, std::size_t time, std::size_t j) {
  return report.ensemble.quantiles[time][j].quantiles({levels.begin(), levels.end()});
}

struct Histogram {
  std::vector<double> centres;
  std::vector<double> densities;
  std::vector<double> shares;  // of all values
};

/// Equal bins between the 0.1 % and 99.9 % quantiles; what lies outside belongs to the end bins.
Histogram histogram(const SimulateReport& report, std::size_t j, int bins) {
  const QuantileSketch& values = report.ensemble.quantiles.back()[j];
  double low = values.quantile(0.001), high = values.quantile(0.999);
  if (!(high > low)) {  // all values are one value
    low -= 0.5;
    high += 0.5;
  }
  const double width = (high - low) / bins;
  Histogram result;
  double below = 0;
  for (int k = 0; k < bins; ++k) {
    const double up_to = k + 1 < bins ? values.share_up_to(low + (k + 1) * width) : 1;
    result.centres.push_back(low + (k + 0.5) * width);
    result.shares.push_back(up_to - below);
    result.densities.push_back(result.shares.back() / width);
    below = up_to;
  }
  return result;
}

std::string shown(std::optional<double> value, int digits) {
  return value ? significant(*value, digits) : "";
}

nlohmann::json number_or_null(std::optional<double> value) {
  return value && std::isfinite(*value) ? nlohmann::json(*value) : nlohmann::json();
}

Series band(const std::string& label, std::vector<double> x, int colour) {
  Series series;
  series.label = label;
  series.mark = Mark::band;
  series.x = std::move(x);
  series.colour = colour;
  return series;
}

Series line(const std::string& label, Mark mark, std::vector<double> x, int colour) {
  Series series = band(label, std::move(x), colour);
  series.mark = mark;
  return series;
}

}  // namespace

std::optional<double> z_score(double sample, double standard_error, std::optional<double> exact) {
  if (!exact || !(standard_error > 0)) return std::nullopt;
  return (sample - *exact) / standard_error;
}

Table moments_table(const SimulateReport& report) {
  Table table{{"at t = " + significant(report.t1, 6), "estimate", "standard error", "exact", "z"}};
  const auto& moments = report.ensemble.moments.back();
  for (std::size_t j = 0; j < report.observables.size(); ++j) {
    const Moments& m = moments[j];
    const ExactMoments& exact = report.exact.back()[j];
    const auto row =
        [&](const std::string& what, double value, double error, std::optional<double> truth) {
          const auto z = z_score(value, error, truth);
          table.rows.push_back({what + " of " + report.observables[j],
                                significant(value, 6),
                                significant(error, 2),
                                shown(truth, 6),
                                z ? fixed(*z, 1) : ""});
        };
    row("mean", m.mean(), m.mean_standard_error(), exact.mean);
    row("variance", m.variance(), m.variance_standard_error(), exact.variance);
  }
  return table;
}

nlohmann::json simulate_results(const SimulateReport& report) {
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < report.ensemble.times.size(); ++i) {
    for (std::size_t j = 0; j < report.observables.size(); ++j) {
      const Moments& m = report.ensemble.moments[i][j];
      const ExactMoments& exact = report.exact[i][j];
      list.push_back(
          {{"t", report.ensemble.times[i]},
           {"observable", report.observables[j]},
           {"mean", number_or_null(m.mean())},
           {"mean_standard_error", number_or_null(m.mean_standard_error())},
           {"mean_exact", number_or_null(exact.mean)},
           {"mean_z", number_or_null(z_score(m.mean(), m.mean_standard_error(), exact.mean))},
           {"variance", number_or_null(m.variance())},
           {"variance_standard_error", number_or_null(m.variance_standard_error())},
           {"variance_exact", number_or_null(exact.variance)},
           {"variance_z",
            number_or_null(z_score(m.variance(), m.variance_standard_error(), exact.variance))},
           {"quantiles", quantiles(report, i, j)},
           {"quantile_rank_error", report.ensemble.quantiles[i][j].rank_error()}});
    }
  }
  nlohmann::json failures = nlohmann::json::array();
  for (const FailedTrajectory& failed : report.ensemble.first_failures) {
    failures.push_back({{"trajectory", failed.trajectory}, {"message", failed.outcome.message()}});
  }
  return {{"trajectories", report.ensemble.trajectories},
          {"failures", report.ensemble.failures},
          {"first_failures", failures},
          {"quantile_levels", levels},
          {"moments", list}};
}

std::string moments_csv(const SimulateReport& report) {
  std::ostringstream out;
  out.precision(17);
  out << "t,observable,mean,mean_standard_error,mean_exact,variance,variance_standard_error,"
         "variance_exact,q05,q25,q50,q75,q95\n";
  for (std::size_t i = 0; i < report.ensemble.times.size(); ++i) {
    for (std::size_t j = 0; j < report.observables.size(); ++j) {
      const Moments& m = report.ensemble.moments[i][j];
      const ExactMoments& exact = report.exact[i][j];
      out << report.ensemble.times[i] << ',' << report.observables[j] << ',' << m.mean() << ','
          << m.mean_standard_error() << ',';
      if (exact.mean) out << *exact.mean;
      out << ',' << m.variance() << ',' << m.variance_standard_error() << ',';
      if (exact.variance) out << *exact.variance;
      for (const double q : quantiles(report, i, j)) out << ',' << q;
      out << '\n';
    }
  }
  return std::move(out).str();
}

std::vector<Plot> fan_plots(const SimulateReport& report) {
  const std::vector<double>& times = report.ensemble.times;
  std::vector<Plot> plots;
  for (std::size_t j = 0; j < report.observables.size(); ++j) {
    Series wide = band("5 % to 95 %", times, 5), narrow = band("25 % to 75 %", times, 0);
    Series median = line("median", Mark::line, times, 0), mean = line("mean", Mark::line, times, 1);
    Series exact = line("exact mean", Mark::dashed, {}, 6);
    for (std::size_t i = 0; i < times.size(); ++i) {
      const auto q = quantiles(report, i, j);
      wide.low.push_back(q[0]);
      wide.high.push_back(q[4]);
      narrow.low.push_back(q[1]);
      narrow.high.push_back(q[3]);
      median.y.push_back(q[2]);
      mean.y.push_back(report.ensemble.moments[i][j].mean());
      if (report.exact[i][j].mean) {
        exact.x.push_back(times[i]);
        exact.y.push_back(*report.exact[i][j].mean);
      }
    }
    Plot plot{.title = report.model + ": " + report.observables[j] + " of " +
                       std::to_string(report.ensemble.trajectories) + " trajectories",
              .x_label = "time",
              .y_label = report.observables[j],
              .series = {wide, narrow, median, mean},
              .legend = Legend::below,
              .height = 440};
    if (!exact.x.empty()) plot.series.push_back(exact);
    plots.push_back(plot);
  }
  return plots;
}

std::vector<Plot> histogram_plots(const SimulateReport& report) {
  std::vector<Plot> plots;
  for (std::size_t j = 0; j < report.observables.size(); ++j) {
    const Histogram bars = histogram(report, j, 60);
    Series series = line("", Mark::boxes, bars.centres, 0);
    series.y = bars.densities;
    plots.push_back({.title = report.model + ": " + report.observables[j] +
                              " at t = " + significant(report.t1, 6),
                     .x_label = report.observables[j],
                     .y_label = "density",
                     .series = {series},
                     .height = 400});
  }
  return plots;
}

std::string terminal_histogram(const SimulateReport& report, std::size_t observable) {
  constexpr int bins = 16, longest = 48;
  const Histogram bars = histogram(report, observable, bins);
  const double most = *std::max_element(bars.shares.begin(), bars.shares.end());
  std::ostringstream out;
  out << report.observables[observable] << " at t = " << significant(report.t1, 6) << '\n';
  for (std::size_t k = 0; k < bars.shares.size(); ++k) {
    std::string centre = significant(bars.centres[k], 4);
    centre.insert(0, centre.size() < 10 ? 10 - centre.size() : 0, ' ');
    // In eighths of a character: Unicode has blocks from one eighth (U+258F) to eight (U+2588).
    const int eighths = static_cast<int>(bars.shares[k] / most * longest * 8);
    std::string bar;
    for (int full = 0; full < eighths / 8; ++full) bar += "\u2588";
    if (eighths % 8) {
      bar += "\xE2\x96";
      bar += static_cast<char>(0x90 - eighths % 8);
    }
    out << centre << " |" << bar << '\n';
  }
  return std::move(out).str();
}

}  // namespace stochflow::apps
