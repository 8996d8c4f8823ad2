// `stochflow conditional`: digits of a class asked for, by a classifier's gradient or by a network
// that knows the classes.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>

#include "commands.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "sample.hpp"
#include "stochflow/diffusion/guidance/guided.hpp"
#include "stochflow/diffusion/metrics/classify.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/picture_or_numbers.hpp"
#include "support/progress.hpp"
#include "support/resources.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

using nlohmann::json;

struct Arguments {
  SampleRequest request;
  std::string digits = "all";
  std::string by = "classifier";
  std::optional<double> scale;  // the way's own when not given
  std::string classifier, judge, json;
  std::vector<std::string> out = {"conditional.png"};
};

std::vector<std::int64_t> classes_of(const std::string& text) {
  std::vector<std::int64_t> all(10);
  std::iota(all.begin(), all.end(), 0);
  if (text == "all") return all;
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '9') return {text[0] - '0'};
  throw UsageError("--class expects a digit or 'all', found '" + text + "'");
}

/// A model of each class, with what it stands on.
class Conditional {
 public:
  explicit Conditional(const Arguments& a) {
    const std::string& device = a.request.device;
    if (a.by == "classifier") {
      network_ = open_network(a.request.model, device);
      classifier_ = diffusion::load_classifier(
                        or_shipped(a.classifier, "mnist-classifier.safetensors"), device)
                        .classifier;
    } else {
      const auto loaded =
          diffusion::load_network(or_shipped(a.request.model, "mnist-classes.safetensors"), device);
      network_ = {loaded.network, loaded.description};
      labelled_ = loaded.network;
    }
    check_made_for_grey_digits(network_.description);
    scale_ = a.scale.value_or(classifier_ ? 6 : 4);
  }

  /// The samples under this class's model.
  SampleReport draw(std::int64_t label, const SampleRequest& request) const {
    if (classifier_) {
      const diffusion::Guided guided(
          *network_.model,
          [&](const at::Tensor& z, const at::Tensor& gamma) {
            return classifier_->log_probability(z, gamma, label);
          },
          scale_);
      return run_sample(request, guided, network_.description);
    }
    const diffusion::OfClass conditional(*labelled_, label);
    if (scale_ == 1) return run_sample(request, conditional, network_.description);
    const diffusion::ClassifierFree guided(conditional, *labelled_, scale_);
    SampleReport report = run_sample(request, guided, network_.description);
    report.nfe *= 2;
    return report;
  }

  double scale() const { return scale_; }

 private:
  double scale_;
  OpenedNetwork network_;
  std::shared_ptr<diffusion::Classifier> classifier_;        // of the one way,
  std::shared_ptr<const diffusion::ScoreNetwork> labelled_;  // and of the other
};

void run(Arguments arguments) {
  SampleRequest& request = arguments.request;
  check(request);
  const std::vector<std::int64_t> classes = classes_of(arguments.digits);
  if (arguments.by != "classifier" && arguments.by != "free") {
    throw unknown_name("way", arguments.by, {"classifier", "free"});
  }
  prepare_pictures_or_numbers(arguments.out);
  if (!arguments.json.empty()) prepare_output(arguments.json);
  network_calls(request.device, request.threads);
  const Conditional conditional(arguments);
  const auto judge =
      diffusion::load_classifier(or_shipped(arguments.judge, "mnist-judge.safetensors")).classifier;

  std::vector<Image> images;
  Numbers numbers;
  json per_class = json::array();
  double right = 0, seconds = 0, nfe = 0;
  Progress progress("Sampling by " + request.method, 1000);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const std::int64_t label = classes[k];
    request.first = static_cast<std::uint64_t>(label * request.n);
    request.progress = shown_by(progress, k, classes.size());
    const SampleReport report = conditional.draw(label, request);
    const auto said = diffusion::classify(
        *judge, to_levels(report.images), judge->config().gamma_min, request.seed);
    const double share = diffusion::accuracy(said.logits, at::full({request.n}, label, at::kLong));
    per_class.push_back({{"class", label}, {"accuracy", share}});
    right += share / static_cast<double>(classes.size());
    seconds += report.seconds;
    nfe = report.nfe;
    numbers.shape = report.x.shape;
    numbers.values.insert(numbers.values.end(), report.x.values.begin(), report.x.values.end());
    const auto shown = std::min<std::ptrdiff_t>(classes.size() > 1 ? 20 : 100, request.n);
    images.insert(images.end(), report.images.begin(), report.images.begin() + shown);
  }
  // All classes: a row of each. One: as square as can be.
  const auto columns = static_cast<int>(
      classes.size() > 1 ? std::min<std::int64_t>(20, request.n)
                         : std::ceil(std::sqrt(static_cast<double>(images.size()))));
  numbers.shape[0] *= classes.size();
  write_picture_or_numbers(arguments.out, enlarge(tile(images, columns), 2), numbers);
  const std::int64_t total = request.n * static_cast<std::int64_t>(classes.size());
  std::cout << total << " digits by " << arguments.by << " at scale "
            << significant(conditional.scale(), 3) << ", " << request.method << ": "
            << significant(nfe, 4) << " network evaluations a sample, " << significant(seconds, 3)
            << " s\n"
            << fixed(100 * right, 2)
            << " % are what was asked for, says an independent classifier\n";
  for (const std::string& file : arguments.out) std::cout << "wrote " << file << '\n';
  if (!arguments.json.empty()) {
    json inputs = sampler_inputs(request);
    inputs["n"] = request.n;
    inputs["class"] = arguments.digits;
    inputs["by"] = arguments.by;
    inputs["scale"] = conditional.scale();
    json record = run_record("conditional", inputs);
    record["wall_seconds"] = seconds;
    record["results"] = {
        {"accuracy", right}, {"per_class", per_class}, {"nfe", nfe}, {"files", arguments.out}};
    write_json(arguments.json, record);
  }
}

}  // namespace

void add_conditional(CLI::App& app) {
  CLI::App* const command =
      app.add_subcommand("conditional", "Generate digits of a class that is asked for");
  auto a = std::make_shared<Arguments>();
  a->request.n = 10;
  command->add_option("--class", a->digits, "A digit, or all")->capture_default_str();
  command
      ->add_option("--by",
                   a->by,
                   "classifier: guided by its gradient; free: a network that knows the classes")
      ->capture_default_str();
  command
      ->add_option("--scale",
                   a->scale,
                   "Of the guidance: 1 is Bayes' rule, more exaggerates (default: 6 by a "
                   "classifier, 4 free)")
      ->check(number_not_negative());
  add_sampler_options(*command, a->request);
  command->add_option("--n", a->request.n, "Digits of each class")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--model",
                      a->request.model,
                      "Checkpoint, or by a classifier also a TorchScript file (default: shipped)");
  command->add_option(
      "--classifier", a->classifier, "Of `train classifier`, the guide (default: shipped)");
  command->add_option(
      "--judge", a->judge, "Of `train classifier --clean`, for the accuracy (default: shipped)");
  command->add_option("--out", a->out, "Picture (.png) or numbers (.npy) to write")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--json", a->json, "Write inputs and results to this file");
  command->callback([a] { run(*a); });
}

}  // namespace stochflow::apps
