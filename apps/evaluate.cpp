// `stochflow evaluate`: how near samples are to the data, by the features of a fixed classifier.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "commands.hpp"
#include "data.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "sample.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/metrics/classify.hpp"
#include "stochflow/diffusion/metrics/feature_sets.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/npy.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"
#include "support/resources.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

using nlohmann::json;

constexpr std::uint64_t dequantisation_seed = 7;
/// Neighbours are looked for among so many at most: all pairs are compared.
constexpr std::int64_t neighbours_among = 5000;

struct Arguments {
  SampleRequest request;
  std::vector<std::string> samples;
  std::int64_t seeds = 1;
  std::string data = data_folder().string();
  std::string classifier, json;
};

/// What one set of images is compared by: pixels in data units, and features.
struct ImageSet {
  at::Tensor pixels, features;
};

struct Figures {
  double frechet = 0, kernel = 0, precision = 0, recall = 0, nearest = 0;
};

class Judge {
 public:
  Judge(const diffusion::Classifier& classifier, const at::Tensor& training_images)
      : classifier_(classifier), training_(see(training_images)) {}

  ImageSet see(const at::Tensor& levels) const {
    const auto said = diffusion::classify(
        classifier_, levels, classifier_.config().gamma_min, dequantisation_seed);
    return {levels.to(at::kFloat).flatten(1) / 128 - 1, said.features};
  }

  Figures compare(const ImageSet& set) const {
    const auto some = [](const at::Tensor& rows, std::int64_t n) {
      return rows.narrow(0, 0, std::min(n, rows.size(0)));
    };
    const std::int64_t n = std::min(neighbours_among, set.features.size(0));
    const auto [precision, recall] =
        diffusion::precision_recall(some(training_.features, n), some(set.features, n));
    const at::Tensor nearest =
        diffusion::nearest_distances(some(set.pixels, 1000), training_.pixels);
    return {
        .frechet = diffusion::frechet_distance(set.features, training_.features),
        .kernel = diffusion::kernel_distance(some(set.features, n), some(training_.features, n)),
        .precision = precision,
        .recall = recall,
        .nearest = nearest.median().item<double>()};
  }

 private:
  const diffusion::Classifier& classifier_;
  ImageSet training_;
};

at::Tensor read_samples(const std::string& file) {
  NpyArray array = read_npy(file);
  const auto values = static_cast<std::int64_t>(array.values.size());
  const at::Tensor x = at::from_blob(array.values.data(), {values}, at::kDouble);
  const std::size_t n = array.shape.empty() ? 0 : array.shape[0];
  if (n < 4 || array.values.size() != n * 784) {
    throw std::runtime_error(file +
                             ": expected at least four images of 28x28, in data units from -1 to 1 "
                             "as `stochflow sample --out x.npy` writes them");
  }
  if (!at::isfinite(x).all().item<bool>()) {
    throw std::runtime_error(file + ": holds NaN or infinite values");
  }
  return diffusion::grey_levels(x).view({-1, 1, 28, 28});
}

/// `drawn` is null for images that nobody sampled here.
std::vector<std::string> row(const std::string& name,
                             std::int64_t n,
                             const Figures& f,
                             const SampleReport* drawn) {
  return {name,
          std::to_string(n),
          drawn ? fixed(drawn->nfe, 0) : "",
          drawn ? fixed(drawn->seconds, 1) : "",
          fixed(f.frechet, 3),
          fixed(1000 * f.kernel, 3),
          fixed(f.precision, 3),
          fixed(f.recall, 3),
          fixed(f.nearest, 2)};
}

json to_json(const std::string& name, std::int64_t n, const Figures& f, const SampleReport* drawn) {
  json set = {{"set", name},
              {"images", n},
              {"frechet_distance", f.frechet},
              {"kernel_distance", f.kernel},
              {"precision", f.precision},
              {"recall", f.recall},
              {"nearest_training_image", f.nearest}};
  if (drawn) {
    set["nfe"] = drawn->nfe;
    set["seconds"] = drawn->seconds;
  }
  return set;
}

void run(const Arguments& arguments) {
  check(arguments.request);
  if (!arguments.json.empty()) prepare_output(arguments.json);
  diffusion::tune_process(1);
  const Stopwatch watch;
  const auto classifier =
      diffusion::load_classifier(or_shipped(arguments.classifier, "mnist-judge.safetensors"));
  const auto train = diffusion::read_mnist(arguments.data, diffusion::MnistPart::train);
  const auto test = diffusion::read_mnist(arguments.data, diffusion::MnistPart::test);
  const Judge judge(*classifier.classifier, train.images);

  Table table{.header = {"images",
                         "number",
                         "evaluations",
                         "seconds",
                         "Frechet",
                         "1000 kernel",
                         "precision",
                         "recall",
                         "nearest"}};
  json results = json::array();
  std::vector<double> distances;
  std::int64_t most = 4;
  const auto report =
      [&](const std::string& name, const at::Tensor& levels, const SampleReport* drawn = nullptr) {
        const Figures figures = judge.compare(judge.see(levels));
        table.rows.push_back(row(name, levels.size(0), figures, drawn));
        results.push_back(to_json(name, levels.size(0), figures, drawn));
        distances.push_back(figures.frechet);
        most = std::max(most, levels.size(0));
      };
  if (arguments.samples.empty()) {
    const OpenedNetwork network = open_network(arguments.request.model, arguments.request.device);
    check_made_for_grey_digits(network.description);
    for (std::int64_t k = 0; k < arguments.seeds; ++k) {
      SampleRequest request = arguments.request;
      request.seed += static_cast<std::uint64_t>(k);
      Progress progress("Sampling by " + request.method, 1000);
      request.progress = shown_by(progress);
      const SampleReport drawn = run_sample(request, *network.model, network.description);
      report(request.method + ", seed " + std::to_string(request.seed),
             to_levels(drawn.images),
             &drawn);
    }
  }
  for (const std::string& file : arguments.samples) report(file, read_samples(file));
  const diffusion::Estimate mean = diffusion::estimate(distances);
  // As many test images as there were samples: what a perfect model would get.
  report("test images", test.images.narrow(0, 0, std::min(most, test.size())));
  std::cout << table;
  if (mean.count > 1) {
    std::cout << "Frechet distance " << fixed(mean.mean, 3) << " +- "
              << fixed(mean.standard_error, 3) << " over " << mean.count << " sets\n";
  }
  if (!arguments.json.empty()) {
    json inputs = sampler_inputs(arguments.request);
    inputs["samples"] = arguments.samples;
    inputs["seeds"] = arguments.seeds;
    inputs["n"] = arguments.request.n;
    inputs["model"] = arguments.request.model.string();
    json record = run_record("evaluate", inputs);
    record["wall_seconds"] = watch.seconds();
    record["results"] = results;
    write_json(arguments.json, record);
  }
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      "evaluate", "How near samples are to the MNIST training images, by a classifier's features");
  auto a = std::make_shared<Arguments>();
  a->request.n = 1000;
  command
      ->add_option("--samples",
                   a->samples,
                   "Files of samples (.npy, as `sample` writes them) instead of drawing them")
      ->delimiter(',');
  add_sampler_options(*command, a->request);
  command->add_option("--n", a->request.n, "Samples to draw; the Frechet distance depends on it")
      ->check(whole_number(4))
      ->capture_default_str();
  command->add_option("--seeds", a->seeds, "Sets to draw, from --seed on")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  command->add_option("--model", a->request.model, model_help);
  command->add_option(
      "--classifier", a->classifier, "Of `train classifier --clean` (default: shipped)");
  command->add_option("--data", a->data, "Folder with the MNIST files")->capture_default_str();
  command->add_option("--json", a->json, "Write inputs and results to this file");
  command->callback([a] { run(*a); });
}

}  // namespace stochflow::apps
