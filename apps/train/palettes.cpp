#include "stochflow/diffusion/nets/palettes.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "data.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/table.hpp"
#include "train/train.hpp"

namespace stochflow::apps {
namespace {

struct Arguments {
  std::string data = data_folder().string();
  std::string out = "runs/palettes.safetensors";
  std::string json;
  diffusion::PaletteFit fit;
};

void run(const Arguments& a) {
  prepare_output(a.out);
  if (!a.json.empty()) prepare_output(a.json);
  const auto images = [&](diffusion::MnistPart part) {
    return diffusion::read_mnist(a.data, part).images;
  };
  const diffusion::Palettes palettes =
      diffusion::fit_palettes(images(diffusion::MnistPart::train), a.fit);
  const double saved = diffusion::bits_saved(palettes, images(diffusion::MnistPart::test));
  const nlohmann::json settings = {{"palettes", a.fit.palettes},
                                   {"rounds", a.fit.rounds},
                                   {"prior", a.fit.prior},
                                   {"seed", a.fit.seed}};
  const nlohmann::json results = {{"test_bits_saved", saved}, {"files", {a.out}}};
  diffusion::save_palettes(a.out,
                           palettes,
                           "mnist, 60,000 training images",
                           nlohmann::json{{"settings", settings}, {"validation", results}}.dump());
  std::cout << a.fit.palettes << " palettes in " << a.out << "; knowing nothing else, they save "
            << fixed(saved, 4) << " bits/dim on the 10,000 test images\n";
  if (!a.json.empty()) {
    nlohmann::json inputs = settings;
    inputs["data"] = a.data;
    nlohmann::json record = run_record("train palettes", inputs);
    record["results"] = results;
    write_json(a.json, record);
  }
}

}  // namespace

void add_train_palettes(CLI::App& train) {
  CLI::App* const palettes = train.add_subcommand(
      "palettes", "Which grey levels occur together in an image, on the 60,000 training images");
  const auto a = std::make_shared<Arguments>();
  palettes->add_option("--count", a->fit.palettes, "Palettes")
      ->check(whole_number(1, 10000))
      ->capture_default_str();
  palettes->add_option("--rounds", a->fit.rounds, "Of expectation and maximisation")
      ->check(whole_number(1))
      ->capture_default_str();
  palettes
      ->add_option("--prior",
                   a->fit.prior,
                   "Levels of the average image that each palette is given beside its own")
      ->check(positive_number())
      ->capture_default_str();
  palettes->add_option("--seed", a->fit.seed, "Of the images that palettes start from")
      ->check(whole_number(0))
      ->capture_default_str();
  palettes->add_option("--data", a->data, "Folder with the MNIST files")->capture_default_str();
  palettes->add_option("--out", a->out, "File to write")->capture_default_str();
  palettes->add_option("--json", a->json, "Write inputs and results to this file");
  palettes->callback([a] { run(*a); });
}

}  // namespace stochflow::apps
