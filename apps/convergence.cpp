#include "convergence.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <utility>

#include "commands.hpp"
#include "convergence/errors.hpp"
#include "convergence/proof_table.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

using verify::ConvergenceRow;
using verify::LevelErrors;
using verify::OrderFit;

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

void check_names(std::string_view kind,
                 const std::vector<std::string>& choice,
                 std::vector<std::string> valid) {
  valid.emplace_back("all");
  for (const std::string& name : choice) {
    if (std::find(valid.begin(), valid.end(), name) == valid.end()) {
      throw unknown_name(kind, name, valid);
    }
  }
}

std::string interval(const OrderFit& fit) {
  return fit.resolved ? "[" + fixed(fit.low, 2) + ", " + fixed(fit.high, 2) + "]" : "-";
}

std::string measured(const OrderFit& fit) { return fit.resolved ? fixed(fit.order, 2) : "-"; }

std::string claim(double order) { return order > 0 ? fixed(order, 1) : "-"; }

std::string verdict(const ConvergenceRow& row) {
  if (row.contradicts_claim()) return "CONTRADICTED";
  const bool silent = (row.strong_claimed > 0 && !row.strong.resolved) ||
                      (row.weak_claimed > 0 && !row.weak.resolved);
  if (silent) return "no clear slope";
  const bool exceeded = (row.strong_claimed > 0 && row.strong.low > row.strong_claimed) ||
                        (row.weak_claimed > 0 && row.weak.low > row.weak_claimed);
  return exceeded ? "exceeded" : "holds";
}

nlohmann::json number_or_null(bool known, double value) {
  return known ? nlohmann::json(value) : nlohmann::json();
}

nlohmann::json interval_or_null(const OrderFit& fit) {
  return fit.resolved ? nlohmann::json::array({fit.low, fit.high}) : nlohmann::json();
}

nlohmann::json levels(const LevelErrors& errors) {
  nlohmann::json list = nlohmann::json::array();
  for (Eigen::Index l = 0; l < errors.h.size(); ++l) {
    list.push_back({{"h", errors.h[l]},
                    {"error", errors.error[l]},
                    {"standard_error", errors.standard_error(l)}});
  }
  return list;
}

/// The measured errors with 95 % bars, and a dashed line of the claimed slope through the first.
void add_curves(Plot& plot, const LevelErrors& errors, double claimed, Series style) {
  Series curve = style, slope = style;
  curve.mark = Mark::error_bars;
  slope.mark = Mark::dashed;
  slope.label.clear();
  for (Eigen::Index l = 0; l < errors.h.size(); ++l) {
    const double e = std::abs(errors.error[l]), bar = 1.96 * errors.standard_error(l);
    if (e <= bar) continue;  // nothing but noise, and no place on a logarithmic axis
    curve.x.push_back(errors.h[l]);
    curve.y.push_back(e);
    curve.low.push_back(e - bar);
    curve.high.push_back(e + bar);
  }
  if (curve.x.empty()) return;
  plot.series.push_back(curve);
  if (claimed <= 0) return;
  slope.x = curve.x;
  for (const double h : slope.x) {
    slope.y.push_back(curve.y[0] * std::pow(h / curve.x[0], claimed));
  }
  plot.series.push_back(slope);
}

/// The rows of one problem with their labels. Some are one curve: with additive noise Milstein's
/// method is Euler-Maruyama, and the label says so.
std::vector<std::pair<ConvergenceRow, std::string>> curves_of(
    const std::vector<ConvergenceRow>& rows, const std::string& problem) {
  std::vector<std::pair<ConvergenceRow, std::string>> curves;
  for (const ConvergenceRow& row : rows) {
    if (row.problem != problem) continue;
    const bool says_calculus = row.calculus == "stratonovich" && row.noise != "additive";
    std::string label = row.method + (says_calculus ? " (Stratonovich)" : "");
    const auto twin = std::find_if(curves.begin(), curves.end(), [&](const auto& curve) {
      return curve.first.strong_errors.error == row.strong_errors.error;
    });
    if (twin != curves.end()) label += " = " + twin->first.method;
    curves.emplace_back(row, label);
  }
  return curves;
}

template <class ErrorsOf>
Plot panel(const std::vector<std::pair<ConvergenceRow, std::string>>& curves,
           const std::string& title,
           const std::string& y_label,
           const ErrorsOf& errors_of) {
  Plot plot{.title = title,
            .x_label = "step h (dashed: the claimed slope)",
            .y_label = y_label,
            .log_x = true,
            .log_y = true,
            .legend = Legend::listed_below,
            .width = 640};
  plot.height = 420 + 20 * static_cast<int>(curves.size());
  int colour = 0;
  for (const auto& [row, label] : curves) {
    Series style;
    style.label = label;
    style.colour = colour++;
    const auto [errors, claimed] = errors_of(row);
    if (claimed <= 0) continue;  // a weak method follows no path
    add_curves(plot, errors, claimed, style);
  }
  return plot;
}

struct Arguments {
  ConvergenceRequest request;
  std::string json;
  std::vector<std::string> plots;
  bool proof = false;
};

// The proofs do not need them: enough to see the slopes, within minutes for the whole catalogue.
constexpr std::int64_t paths_beside_proofs = 16384;

void run_proof(const Arguments& arguments) {
  check_names("method", arguments.request.methods, method_names());
  if (!arguments.json.empty()) prepare_output(arguments.json);
  const Stopwatch watch;
  const auto rows = run_proofs(arguments.request.methods);
  const auto measured =
      measure_beside_proofs(arguments.request.methods, arguments.request.measuring);
  std::cout << proof_table(rows, measured);
  if (!arguments.json.empty()) {
    nlohmann::json record = run_record("convergence",
                                       {{"proof", true},
                                        {"methods", arguments.request.methods},
                                        {"paths", arguments.request.measuring.paths},
                                        {"seed", arguments.request.measuring.seed}});
    record["wall_seconds"] = watch.seconds();
    record["results"] = proof_results(rows, measured);
    write_json(arguments.json, record);
  }
  std::vector<std::string> refuted;
  for (const verify::ProofRow& row : rows) {
    if (!row.holds) refuted.push_back(row.method + " on " + row.noise + " noise");
  }
  if (!refuted.empty()) {
    throw std::runtime_error("the claimed order is refuted for " + join(refuted));
  }
}

void run(const Arguments& arguments) {
  if (arguments.proof) return run_proof(arguments);
  if (!arguments.json.empty()) prepare_output(arguments.json);
  for (const std::string& file : arguments.plots) prepare_plot(file);
  const Stopwatch watch;
  const auto rows = run_convergence(arguments.request);
  std::cout << convergence_table(rows);

  if (!arguments.json.empty()) {
    const auto& measuring = arguments.request.measuring;
    nlohmann::json record =
        run_record("convergence",
                   {{"problems", arguments.request.problems},
                    {"methods", arguments.request.methods},
                    {"paths", measuring.paths},
                    {"seed", measuring.seed},
                    {"strong_levels", {measuring.strong.coarsest, measuring.strong.finest}},
                    {"weak_levels", {measuring.weak.coarsest, measuring.weak.finest}},
                    {"confidence", measuring.confidence}});
    record["wall_seconds"] = watch.seconds();
    record["results"] = convergence_results(rows);
    write_json(arguments.json, record);
  }
  for (const std::string& file : arguments.plots) write_plots(file, convergence_plots(rows), 2);

  std::vector<std::string> contradicted;
  for (const ConvergenceRow& row : rows) {
    if (row.contradicts_claim()) contradicted.push_back(row.method + " on " + row.problem);
  }
  if (!contradicted.empty()) {
    throw std::runtime_error("the measured interval excludes the claimed order of " +
                             join(contradicted));
  }
}

}  // namespace

std::vector<std::string> test_problem_names() {
  std::vector<std::string> names;
  verify::for_each_type<verify::TestProblems>([&](auto problem) { add_once(names, problem.name); });
  return names;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  verify::for_each_type<verify::Methods>([&](auto method) { add_once(names, method.facts.name); });
  return names;
}

std::vector<ConvergenceRow> run_convergence(const ConvergenceRequest& request) {
  check_names("problem", request.problems, test_problem_names());
  check_names("method", request.methods, method_names());
  const auto chosen = chosen_errors(request.problems, request.methods);
  std::size_t count = 0;
  for (const MeasurableErrors& entry : chosen) count += entry.methods.size();
  if (count == 0) {
    throw UsageError("none of the methods " + join(request.methods) +
                     " claims an order on the problems " + join(request.problems));
  }
  // Two intervals a row, and all of them shall cover together (Bonferroni): a table of a hundred
  // rows would otherwise contradict some claim by chance.
  verify::ConvergenceOptions measuring = request.measuring;
  measuring.confidence = 1 - (1 - measuring.confidence) / static_cast<double>(2 * count);
  Progress progress("Measuring orders", 1000);
  std::vector<ConvergenceRow> rows;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    measuring.progress = shown_by(progress, k, chosen.size());
    for (verify::MethodErrors& errors : chosen[k].measure(chosen[k].methods, measuring)) {
      rows.push_back(verify::fit_orders(std::move(errors), measuring.confidence));
    }
  }
  return rows;
}

Table convergence_table(const std::vector<ConvergenceRow>& rows) {
  Table table{{"problem",
               "method",
               "calculus",
               "noise",
               "strong",
               "measured",
               "95 % interval",
               "weak",
               "measured",
               "95 % interval",
               "the claim"}};
  for (const ConvergenceRow& row : rows) {
    table.rows.push_back({row.problem,
                          row.method,
                          row.calculus,
                          row.noise,
                          claim(row.strong_claimed),
                          measured(row.strong),
                          interval(row.strong),
                          claim(row.weak_claimed),
                          measured(row.weak),
                          interval(row.weak),
                          verdict(row)});
  }
  return table;
}

nlohmann::json convergence_results(const std::vector<ConvergenceRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const ConvergenceRow& row : rows) {
    list.push_back({{"problem", row.problem},
                    {"method", row.method},
                    {"calculus", row.calculus},
                    {"noise", row.noise},
                    {"strong_claimed", number_or_null(row.strong_claimed > 0, row.strong_claimed)},
                    {"strong_measured", number_or_null(row.strong.resolved, row.strong.order)},
                    {"strong_ci", interval_or_null(row.strong)},
                    {"weak_claimed", number_or_null(row.weak_claimed > 0, row.weak_claimed)},
                    {"weak_measured", number_or_null(row.weak.resolved, row.weak.order)},
                    {"weak_ci", interval_or_null(row.weak)},
                    {"contradicted", row.contradicts_claim()},
                    {"strong_errors", levels(row.strong_errors)},
                    {"weak_errors", levels(row.weak_errors)}});
  }
  return list;
}

std::vector<Plot> convergence_plots(const std::vector<ConvergenceRow>& rows) {
  std::vector<std::string> problems;
  for (const ConvergenceRow& row : rows) add_once(problems, row.problem);
  std::vector<Plot> plots;
  for (const std::string& problem : problems) {
    const auto curves = curves_of(rows, problem);
    plots.push_back(panel(curves,
                          problem + ": strong error",
                          "root mean square of X_h - X",
                          [](const ConvergenceRow& row) {
                            return std::pair(row.strong_errors, row.strong_claimed);
                          }));
    plots.push_back(panel(
        curves, problem + ": weak error", "| E f(X_h) - E f(X) |", [](const ConvergenceRow& row) {
          return std::pair(row.weak_errors, row.weak_claimed);
        }));
  }
  return plots;
}

void add_convergence(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("convergence", "Measure strong and weak orders against the claims");
  auto& [request, json, plots, proof] = *arguments;
  CLI::Option* problem =
      command
          ->add_option(
              "--problem", request.problems, "all, or some of: " + join(test_problem_names()))
          ->delimiter(',')
          ->capture_default_str();
  command->add_option("--method", request.methods, "all, or some of: " + join(method_names()))
      ->delimiter(',')
      ->capture_default_str();
  CLI::Option* paths = command
                           ->add_option("--paths",
                                        request.measuring.paths,
                                        "Brownian paths, 64 or more (with --proof by default " +
                                            std::to_string(paths_beside_proofs) + ")")
                           ->check(whole_number(64))
                           ->capture_default_str();
  command->add_option("--seed", request.measuring.seed, "Seed of the paths")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--threads", request.measuring.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command->add_option("--json", json, "Write the record of the run to this file");
  CLI::Option* plot =
      command->add_option("--plot", plots, "Write log-log plots to these files (.svg, .png)")
          ->delimiter(',');
  command
      ->add_flag(
          "--proof",
          proof,
          "Prove the orders from one step, without sampling, on problems of its own, and show "
          "measured ones beside them")
      ->excludes(problem)
      ->excludes(plot);
  command->callback([arguments, paths] {
    if (arguments->proof && paths->count() == 0) {
      arguments->request.measuring.paths = paths_beside_proofs;
    }
    run(*arguments);
  });
}

}  // namespace stochflow::apps
