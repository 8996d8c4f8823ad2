// `stochflow demo`: the four jobs of the library on real input, as one web page.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "demo/sections.hpp"
#include "support/json.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

void run(const std::filesystem::path& folder) {
  const auto file = folder / "index.html";
  prepare_output(file);
  prepare_plot(folder / "convergence-1.svg");

  const Stopwatch watch;
  std::vector<Section> sections;
  const auto add = [&](const char* what, Section (*make)(const std::filesystem::path&)) {
    std::cout << what << " ..." << std::flush;
    const Stopwatch part;
    sections.push_back(make(folder));
    std::cout << ' ' << duration_text(part.seconds()) << '\n';
  };
  add("Orders of convergence", convergence_section);
#ifdef STOCHFLOW_HAS_DIFFUSION
  add("Generating digits", samples_section);
  add("Log-likelihoods of test images", likelihood_section);
#endif
  add("Heston's model", heston_section);

  std::string introduction = paragraph(
      "Stochflow solves stochastic differential equations. The same solvers, with a neural network "
      "as drift, generate images and tell how likely an image is. This page was computed on this "
      "machine in " +
      duration_text(watch.seconds()) + " by stochflow " + version() + ".");
#ifndef STOCHFLOW_HAS_DIFFUSION
  introduction +=
      paragraph("This build has no LibTorch, so the parts on diffusion models are missing here.");
#endif
  write_atomically(file, page("Stochflow at work", introduction, sections));
  std::cout << "Done in " << duration_text(watch.seconds()) << ": open " << file.string() << '\n';

  std::vector<std::string> failures;
  for (const Section& section : sections) {
    failures.insert(failures.end(), section.failures.begin(), section.failures.end());
  }
  if (!failures.empty()) throw std::runtime_error("checks did not hold: " + join(failures, "; "));
}

}  // namespace

void add_demo(CLI::App& app) {
  auto folder = std::make_shared<std::string>("out/demo");
  CLI::App* command = app.add_subcommand("demo", "All of it at work, as one web page");
  command->add_option("--out", *folder, "Folder of the page")->capture_default_str();
  command->callback([folder] { run(*folder); });
}

}  // namespace stochflow::apps
