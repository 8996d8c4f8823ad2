// How results are written: JSON, CSV, words.

#include <cmath>
#include <iostream>
#include <sstream>

#include "likelihood.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

/// A number, or null for what is none: JSON has no NaN.
nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

}  // namespace

nlohmann::json entry_of(const ScoredImage& image) {
  return {{"image", image.image},
          {"bpd", number(image.bpd)},
          {"log_likelihood", number(image.log_likelihood)},
          {"log_density", number(image.log_density)},
          {"nfe", image.nfe},
          {"rejected", image.rejected},
          {"status", image.status}};
}

ScoredImage image_of(const nlohmann::json& entry) {
  const auto value = [&](const char* key) {
    return entry.at(key).is_null() ? std::nan("") : entry.at(key).get<double>();
  };
  return {.image = entry.at("image"),
          .bpd = value("bpd"),
          .log_likelihood = value("log_likelihood"),
          .log_density = value("log_density"),
          .nfe = entry.at("nfe"),
          .rejected = entry.at("rejected"),
          .status = entry.at("status")};
}

nlohmann::json likelihood_results(const LikelihoodReport& report) {
  nlohmann::json per_image = nlohmann::json::array();
  for (const ScoredImage& image : report.images) per_image.push_back(entry_of(image));
  const LikelihoodBudget& budget = report.budget;
  const LikelihoodBound& bound = report.bound;
  return {{"bpd_mean", report.bpd_mean},
          {"bpd_standard_error", report.bpd_standard_error},
          {"images", report.images.size()},
          {"failed", report.failed},
          {"nfe_mean", report.nfe_mean},
          {"seconds", report.seconds},
          {"budget",
           {{"images", budget.images},
            {"solver_mean", budget.solver_mean},
            {"solver_standard_error", budget.solver_standard_error},
            {"solver_rms", budget.solver_rms},
            {"hutchinson_rms", budget.hutchinson_rms},
            {"cut_off", budget.cut_off},
            {"cut_off_standard_error", budget.cut_off_standard_error},
            {"prior_mismatch", budget.prior_mismatch}}},
          {"bound",
           bound.levels == 0 ? nlohmann::json()
                             : nlohmann::json{{"levels", bound.levels},
                                              {"bpd_mean", bound.mean},
                                              {"bpd_standard_error", number(bound.standard_error)},
                                              {"above_flow", bound.above_flow},
                                              {"above_flow_standard_error",
                                               number(bound.above_flow_standard_error)}}},
          {"per_image", per_image}};
}

std::string likelihood_csv(const LikelihoodReport& report) {
  std::ostringstream text;
  text.precision(17);
  text << "image,bpd,log_likelihood,nfe,rejected,status\n";
  for (const ScoredImage& image : report.images) {
    text << image.image << ',' << image.bpd << ',' << image.log_likelihood << ',' << image.nfe
         << ',' << image.rejected << ",\"" << image.status << "\"\n";
  }
  return text.str();
}

void print_likelihood(std::ostream& out, const LikelihoodReport& report) {
  const LikelihoodBudget& budget = report.budget;
  out << report.images.size() << " images: " << fixed(report.bpd_mean, 4) << " +- "
      << fixed(report.bpd_standard_error, 4) << " bits/dim, " << fixed(report.nfe_mean, 1)
      << " network evaluations an image, " << significant(report.seconds, 3) << " s\n";
  if (report.failed > 0) {
    out << report.failed << " images could not be solved and are left out of the mean\n";
  }
  if (const LikelihoodBound& bound = report.bound; bound.levels > 0) {
    out << "By denoising errors at " << bound.levels << " noise levels: " << fixed(bound.mean, 4)
        << " +- " << fixed(bound.standard_error, 4) << " bits/dim, " << fixed(bound.above_flow, 4)
        << " +- " << fixed(bound.above_flow_standard_error, 4) << " above the flow's\n";
  }
  if (budget.images == 0) return;
  out << "Error budget, bits/dim (the standard error above covers data, dequantisation and "
         "probes):\n"
      << "  solver          " << fixed(budget.solver_mean, 5) << " +- "
      << fixed(budget.solver_standard_error, 5) << " on average, " << fixed(budget.solver_rms, 5)
      << " root mean square (" << budget.images
      << " images again at tolerances ten times tighter)\n"
      << "  Hutchinson      " << fixed(budget.hutchinson_rms, 5) << " an image\n"
      << "  cut-off         " << fixed(budget.cut_off, 5) << " +- "
      << fixed(budget.cut_off_standard_error, 5) << " too high, estimated\n"
      << "  prior mismatch  " << fixed(budget.prior_mismatch, 6) << '\n';
}

}  // namespace stochflow::apps
