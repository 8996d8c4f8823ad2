#include <algorithm>
#include <cmath>

#include "demo/sections.hpp"
#include "likelihood.hpp"
#include "sample.hpp"
#include "support/errors.hpp"
#include "support/image.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

SampleReport sampled(SampleRequest request) {
  Progress progress("Sampling by " + request.method, 1000);
  request.progress = shown_by(progress);
  return run_sample(request);
}

std::string caption(const std::string& method, const SampleReport& report) {
  return method + ": " + significant(report.nfe, 4) + " network evaluations a sample, " +
         duration_text(report.seconds) + " for " + std::to_string(report.images.size()) + ".";
}

/// Images in one row, the best known first, as one picture with the bits/dim of its ends.
std::string row_of(const std::filesystem::path& file,
                   const LikelihoodReport& report,
                   const std::vector<std::size_t>& order,
                   const std::string& what) {
  std::vector<Image> images;
  for (const std::size_t k : order) images.push_back(report.pictures[k]);
  write_png(file, enlarge(tile(images, 4), 3));
  return pixel_picture(file,
                       what + " of the images",
                       what + ", " + fixed(report.images[order.front()].bpd, 2) + " to " +
                           fixed(report.images[order.back()].bpd, 2) + " bits/dim");
}

Plot bits_plot(const std::vector<double>& sorted) {
  Series points;
  points.mark = Mark::points;
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    points.x.push_back(sorted[k]);
    points.y.push_back((static_cast<double>(k) + 0.5) / static_cast<double>(sorted.size()));
  }
  return {.title = "Share of the images at or below",
          .x_label = "bits/dim",
          .y_label = "share",
          .series = {points}};
}

}  // namespace

Section samples_section(const std::filesystem::path& folder) {
  const SampleReport ode = sampled({.method = "ode", .n = 64, .seed = 1, .frames = 40});
  const SampleReport pc = sampled({.method = "pc", .steps = 100, .n = 64, .seed = 1});
  write_png(folder / "ode.png", picture_of(ode.images));
  write_png(folder / "pc.png", picture_of(pc.images));
  std::vector<Image> frames;
  for (const auto& frame : ode.frames) {
    frames.push_back(tile({frame.begin(), frame.begin() + 16}, 4));
  }
  for (Image& frame : frames) frame = enlarge(frame, 3);
  write_gif(folder / "trajectory.gif", frames, 8);

  Section section{"Handwritten digits out of noise", {}};
  section.html =
      paragraph(
          "A neural network trained on the 60,000 training images of MNIST tells how to take a "
          "little "
          "noise away. As the drift of an equation that runs backwards in time it turns pure noise "
          "into digits nobody wrote: by an ordinary differential equation with adaptive steps, and "
          "by a stochastic one whose every step is corrected by Langevin dynamics.") +
      side_by_side(
          {pixel_picture(folder / "ode.png", "64 digits", caption("Adaptive ODE", ode)),
           pixel_picture(folder / "pc.png", "64 digits", caption("Predictor-corrector", pc)),
           pixel_picture(folder / "trajectory.gif",
                         "Sixteen digits coming out of noise",
                         "The way of the first 16 through the adaptive ODE.")}) +
      command_line(
          "./stochflow sample --method ode --n 64 --out ode.png --gif trajectory.gif\n"
          "./stochflow sample --method pc --steps 100 --n 64 --out pc.png");
  return section;
}

Section likelihood_section(const std::filesystem::path& folder) {
  LikelihoodRequest request{.first = 0,
                            .last = 64,
                            .gamma_min = -12,
                            .dequantise = "decoded",
                            .batch = 64,
                            .check = 8,
                            .model = "mnist-likelihood"};
  Progress progress("Log-likelihoods", 1000);
  request.progress = shown_by(progress);
  const LikelihoodReport report = run_likelihood(request);

  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < report.images.size(); ++k) {
    if (std::isfinite(report.images[k].bpd)) order.push_back(k);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return report.images[a].bpd < report.images[b].bpd;
  });
  Section section{"How likely is an image?", {}};
  if (order.size() < 16) {
    section.failures.emplace_back("fewer than 16 images could be solved");
    return section;
  }
  std::vector<double> bits;
  for (const std::size_t k : order) bits.push_back(report.images[k].bpd);
  const LikelihoodBudget& budget = report.budget;
  const Table table{
      {"bits/dim", "value"},
      {{"mean of " + std::to_string(order.size()) + " test images", fixed(report.bpd_mean, 4)},
       {"standard error", fixed(report.bpd_standard_error, 4)},
       {"error of the solver, root mean square", fixed(budget.solver_rms, 5)},
       {"noise of Hutchinson's estimate of one image", fixed(budget.hutchinson_rms, 5)},
       {"network evaluations an image", fixed(report.nfe_mean, 0)}}};
  section.html =
      paragraph(
          "The same equation run forwards, from an image to noise, gives the probability density "
          "the model assigns to the image, here as the bits it would take to store one pixel. An "
          "image "
          "of independent random pixels would need 8. The test images were not seen in training.") +
      side_by_side({row_of(folder / "likely.png",
                           report,
                           {order.begin(), order.begin() + 8},
                           "The most likely"),
                    row_of(folder / "unlikely.png",
                           report,
                           {order.end() - 8, order.end()},
                           "The least likely")}) +
      html_table(table) + plots_in(folder, "likelihood", {bits_plot(bits)}) +
      command_line(
          "./stochflow likelihood --model mnist-likelihood --dequantise decoded --gamma-min -12 "
          "\\\n"
          "  --images 0:64 --csv likelihood.csv");
  return section;
}

}  // namespace stochflow::apps
