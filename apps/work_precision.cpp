// `stochflow work-precision`: strong error against evaluations of drift and diffusion, for fixed
// steps (as `stochflow convergence` measures them) and for adaptive ones.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>

#include "commands.hpp"
#include "convergence.hpp"
#include "convergence/errors.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/plot.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"
#include "work_precision/adaptive.hpp"

namespace stochflow::apps {
namespace {

using verify::WorkPrecisionPoint;

struct Curve {
  std::string problem, calculus, method;
  bool adaptive = false;
  std::vector<WorkPrecisionPoint> points;  // from coarse to fine

  std::string panel() const { return problem + " (" + calculus + ")"; }
};

struct Arguments {
  std::vector<std::string> problems = {"all"};
  std::int64_t paths = 400;
  std::uint64_t seed = 20260101;
  int threads = 0;
  double target = 1e-3;
  std::string json;
  std::vector<std::string> plots;
};

/// Fixed steps: the strong errors of `stochflow convergence`.
Curve fixed_curve(const verify::MethodErrors& row) {
  Curve curve{.problem = row.problem, .calculus = row.calculus, .method = row.method, .points = {}};
  const auto& errors = row.strong_errors;
  for (Eigen::Index l = 0; l < errors.h.size(); ++l) {
    curve.points.push_back({.setting = errors.h[l],
                            .evaluations = row.strong_evaluations[static_cast<std::size_t>(l)],
                            .error = errors.error[l],
                            .standard_error = errors.standard_error(l)});
  }
  return curve;
}

std::vector<Curve> measure(const Arguments& arguments) {
  const auto fixed_steps = chosen_errors(arguments.problems, {"all"});
  std::vector<AdaptiveRun> runs;
  for (const auto list : {additive_adaptive_runs,
                          scalar_adaptive_runs,
                          diagonal_adaptive_runs,
                          commutative_adaptive_runs}) {
    for (AdaptiveRun& run : list()) {
      if (chooses(arguments.problems, run.problem)) runs.push_back(std::move(run));
    }
  }
  Progress progress("Measuring", static_cast<std::int64_t>(fixed_steps.size() + runs.size()));
  std::vector<Curve> curves;
  // The strong measurement takes an eighth of the paths; the weak one is not used.
  const verify::ConvergenceOptions fixed{.paths = 8 * arguments.paths,
                                         .seed = arguments.seed,
                                         .strong = {2, 9},
                                         .weak = {0, 3},
                                         .threads = arguments.threads};
  for (const MeasurableErrors& entry : fixed_steps) {
    for (const auto& row : entry.measure(entry.methods, fixed)) {
      if (row.strong_claimed > 0) curves.push_back(fixed_curve(row));
    }
    progress.advance();
  }
  const std::vector<double> tolerances{1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4};
  for (const AdaptiveRun& run : runs) {
    curves.push_back(
        {.problem = run.problem,
         .calculus = run.calculus,
         .method = run.method + (run.step_doubling ? ", step doubling" : ""),
         .adaptive = true,
         .points = run.measure(
             tolerances,
             {.paths = arguments.paths, .seed = arguments.seed, .threads = arguments.threads})});
    progress.advance();
  }
  std::stable_sort(curves.begin(), curves.end(), [](const Curve& a, const Curve& b) {
    return a.panel() < b.panel();
  });
  return curves;
}

/// Evaluations at which a curve first falls to the target error, on a straight line in logarithms
/// between its points; infinity where it does not get there.
double evaluations_for(const Curve& curve, double target) {
  const auto& points = curve.points;
  for (std::size_t k = 0; k < points.size(); ++k) {
    if (!(points[k].error <= target)) continue;
    if (k == 0) return points[0].evaluations;
    const auto &a = points[k - 1], &b = points[k];
    const double part = std::log(a.error / target) / std::log(a.error / b.error);
    return a.evaluations * std::pow(b.evaluations / a.evaluations, part);
  }
  return INFINITY;
}

/// The curves of each panel, cheapest to the target first; those that miss it by what they reach.
std::map<std::string, std::vector<const Curve*>> ranked_panels(const std::vector<Curve>& curves,
                                                               double target) {
  std::map<std::string, std::vector<const Curve*>> panels;
  for (const Curve& curve : curves) panels[curve.panel()].push_back(&curve);
  const auto rank = [&](const Curve* curve) {
    return std::pair(evaluations_for(*curve, target), curve->points.back().error);
  };
  for (auto& [panel, list] : panels) {
    std::stable_sort(list.begin(), list.end(), [&](const Curve* a, const Curve* b) {
      return rank(a) < rank(b);
    });
  }
  return panels;
}

Table summary(const std::vector<Curve>& curves, double target) {
  Table table{{"problem", "method", "steps", "evaluations", "finest", "error there"}};
  for (const auto& [panel, list] : ranked_panels(curves, target)) {
    for (const Curve* curve : list) {
      const double needed = evaluations_for(*curve, target);
      table.rows.push_back({panel,
                            curve->method,
                            curve->adaptive ? "adaptive" : "fixed",
                            std::isfinite(needed) ? fixed(needed, 0) : "-",
                            fixed(curve->points.back().evaluations, 0),
                            significant(curve->points.back().error, 2)});
    }
  }
  return table;
}

nlohmann::json results(const std::vector<Curve>& curves, double target) {
  nlohmann::json list = nlohmann::json::array();
  for (const Curve& curve : curves) {
    nlohmann::json points = nlohmann::json::array();
    for (const WorkPrecisionPoint& p : curve.points) {
      points.push_back({{curve.adaptive ? "tolerance" : "h", p.setting},
                        {"evaluations", p.evaluations},
                        {"error", p.error},
                        {"standard_error", p.standard_error},
                        {"rejected", p.rejected},
                        {"failures", p.failures}});
    }
    const double needed = evaluations_for(curve, target);
    list.push_back({{"problem", curve.problem},
                    {"calculus", curve.calculus},
                    {"method", curve.method},
                    {"adaptive", curve.adaptive},
                    {"evaluations_to_target",
                     std::isfinite(needed) ? nlohmann::json(needed) : nlohmann::json()},
                    {"points", points}});
  }
  return list;
}

Series line_of(const Curve& curve) {
  Series series;
  for (const WorkPrecisionPoint& p : curve.points) {
    if (!(p.error > 0)) continue;
    series.x.push_back(p.evaluations);
    series.y.push_back(p.error);
  }
  return series;
}

/// All curves in grey, and over them the best four with adaptive steps and the best four with fixed
/// ones: forty colours could not be told apart.
std::vector<Plot> plots(const std::vector<Curve>& curves, double target) {
  constexpr int shown = 4;
  std::vector<Plot> all;
  for (const auto& [panel, list] : ranked_panels(curves, target)) {
    Plot plot{.title = panel,
              .x_label = "evaluations of drift and diffusion (solid: adaptive, dashed: fixed)",
              .y_label = "root mean square of X_h - X",
              .log_x = true,
              .log_y = true,
              .legend = Legend::listed_below,
              .width = 640,
              .height = 640};
    for (const Curve* curve : list) {
      plot.series.push_back(line_of(*curve));
      plot.series.back().mark = Mark::faint;
    }
    int colour = 0;
    for (const bool adaptive : {true, false}) {
      int count = 0;
      for (const Curve* curve : list) {
        if (curve->adaptive != adaptive || count == shown) continue;
        Series series = line_of(*curve);
        series.label = curve->method + (adaptive ? " (adaptive)" : "");
        series.mark = adaptive ? Mark::line : Mark::dashed;
        series.colour = colour++;
        plot.series.push_back(std::move(series));
        ++count;
      }
    }
    all.push_back(std::move(plot));
  }
  return all;
}

void run(const Arguments& arguments) {
  auto valid = test_problem_names();
  valid.emplace_back("all");
  for (const std::string& name : arguments.problems) {
    if (std::find(valid.begin(), valid.end(), name) == valid.end()) {
      throw unknown_name("problem", name, valid);
    }
  }
  if (!arguments.json.empty()) prepare_output(arguments.json);
  for (const std::string& file : arguments.plots) prepare_plot(file);
  const Stopwatch watch;
  const auto curves = measure(arguments);
  std::cout << "Evaluations to reach an error of " << arguments.target << ":\n"
            << summary(curves, arguments.target);
  if (!arguments.json.empty()) {
    nlohmann::json record = run_record("work-precision",
                                       {{"problems", arguments.problems},
                                        {"paths", arguments.paths},
                                        {"seed", arguments.seed},
                                        {"target", arguments.target}});
    record["wall_seconds"] = watch.seconds();
    record["results"] = results(curves, arguments.target);
    write_json(arguments.json, record);
  }
  for (const std::string& file : arguments.plots)
    write_plots(file, plots(curves, arguments.target), 2);
}

}  // namespace

void add_work_precision(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "work-precision", "Measure the strong error against evaluations, fixed and adaptive steps");
  auto& a = *arguments;
  command->add_option("--problem", a.problems, "all, or some of: " + join(test_problem_names()))
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--paths", a.paths, "Brownian paths, 64 or more")
      ->check(whole_number(64))
      ->capture_default_str();
  command->add_option("--seed", a.seed, "Seed of the paths")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--threads", a.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command->add_option("--target", a.target, "The error whose price the table states")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--json", a.json, "Write the record of the run to this file");
  command->add_option("--plot", a.plots, "Write log-log plots to these files (.svg, .png)")
      ->delimiter(',');
  command->callback([arguments] { run(*arguments); });
}

}  // namespace stochflow::apps
