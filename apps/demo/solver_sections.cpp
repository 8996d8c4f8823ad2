#include <cmath>

#include "convergence.hpp"
#include "demo/sections.hpp"
#include "simulate.hpp"
#include "support/errors.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {

Section convergence_section(const std::filesystem::path& folder) {
  const auto rows =
      run_convergence({.problems = {"ou", "gbm"},
                       .methods = {"EulerMaruyama", "Milstein", "MilsteinDerivativeFree", "Heun"},
                       .measuring = {}});
  Section section{"Is the method as accurate as it claims?", {}};
  section.html =
      paragraph(
          "The basic methods on two equations whose solutions are known on the very Brownian path "
          "that "
          "drives the discretisation: the Ornstein-Uhlenbeck process (additive noise) and "
          "geometric "
          "Brownian motion (noise proportional to the state). The strong order is the slope of the "
          "error on single paths, the weak order that of expectations, each with a confidence "
          "interval; all intervals hold together with 95\u00a0%.") +
      html_table(convergence_table(rows)) +
      plots_in(folder, "convergence", convergence_plots(rows)) +
      command_line(
          "./stochflow convergence --problem ou,gbm --plot convergence.svg \\\n"
          "  --method EulerMaruyama,Milstein,MilsteinDerivativeFree,Heun");
  for (const auto& row : rows) {
    if (row.contradicts_claim()) {
      section.failures.push_back("the measured interval excludes the claimed order of " +
                                 row.method + " on " + row.problem);
    }
  }
  return section;
}

Section heston_section(const std::filesystem::path& folder) {
  SimulateRequest request{.model = "heston", .paths = 50000};
  Progress progress("Simulating Heston's model", request.paths);
  request.progress = [&](std::int64_t done) { progress.update(done); };
  const SimulateReport report = run_simulate(request);
  Section section{"An equation that has nothing to do with machine learning", {}};
  section.html =
      paragraph("Heston's model: a share price whose variance is itself random, " +
                std::to_string(request.paths) +
                " trajectories by Euler-Maruyama. The last column counts standard errors between "
                "the ensemble and the closed form.") +
      html_table(moments_table(report)) + plots_in(folder, "heston", fan_plots(report)) +
      command_line("./stochflow simulate heston --paths 50000 --plot fan.svg");
  const Moments& price = report.ensemble.moments.back()[0];
  const auto z = z_score(price.mean(), price.mean_standard_error(), report.exact.back()[0].mean);
  if (!z || std::abs(*z) > 5) {
    section.failures.emplace_back("the mean price is far from the closed form");
  }
  return section;
}

}  // namespace stochflow::apps
