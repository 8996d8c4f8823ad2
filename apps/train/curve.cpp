#include <algorithm>

#include "support/plot.hpp"
#include "train/log.hpp"

namespace stochflow::apps {

void draw_curve(const std::filesystem::path& file, const std::vector<nlohmann::json>& entries) {
  Series train{.label = "training batches", .x = {}, .y = {}, .colour = 0};
  Series test{.label = "test images, averaged weights",
              .mark = Mark::points,
              .x = {},
              .y = {},
              .colour = 1};
  if (entries.empty()) return;
  // The first steps are far above all others.
  const double settled = std::min(0.25, 0.25 * entries.back()["epoch"].get<double>());
  for (const nlohmann::json& entry : entries) {
    if (entry.contains("train_bound") && entry["epoch"] > settled) {
      train.x.push_back(entry["epoch"]);
      train.y.push_back(entry["train_bound"]);
    } else if (entry.contains("test_bound")) {
      test.x.push_back(entry["epoch"]);
      test.y.push_back(entry["test_bound"]);
    }
  }
  write_plot(file,
             {.title = "Training on MNIST",
              .x_label = "epoch",
              .y_label = "variational bound, bits/dim",
              .series = {train, test}});
}

}  // namespace stochflow::apps
