// The command line of `stochflow train mnist`.

#include "train/mnist.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "support/options.hpp"
#include "train/train.hpp"

namespace stochflow::apps {

void add_train_mnist(CLI::App& train) {
  CLI::App* const mnist = train.add_subcommand(
      "mnist", "A U-Net on the 60,000 training images, by the continuous-time bound");
  const auto a = std::make_shared<MnistTraining>();
  diffusion::TrainSettings& s = a->settings;
  std::vector<CLI::Option*> plan;
  CLI::Option* const steps =
      mnist->add_option("--steps", a->steps, "Optimiser steps; with --resume: another plan")
          ->check(whole_number(1))
          ->capture_default_str();
  plan.push_back(
      mnist->add_option("--epochs", a->epochs, "Passes over the data, instead of --steps")
          ->check(positive_number())
          ->excludes(steps));
  plan.push_back(mnist->add_option("--batch", s.batch, "Images a step")
                     ->check(whole_number(1))
                     ->capture_default_str());
  plan.push_back(mnist->add_option("--parts", s.parts, "Threads; each takes a part of the batch")
                     ->check(whole_number(1))
                     ->capture_default_str());
  plan.push_back(mnist->add_option("--lr", s.learning_rate, "The highest learning rate")
                     ->check(positive_number())
                     ->capture_default_str());
  plan.push_back(
      mnist->add_option("--optimiser", a->optimiser, "muon or adam")->capture_default_str());
  plan.push_back(mnist->add_option("--seed", s.seed, "Of everything random")
                     ->check(whole_number(0))
                     ->capture_default_str());
  plan.push_back(
      mnist->add_option("--head", a->head, "mixture-posterior or noise")->capture_default_str());
  plan.push_back(mnist->add_option("--channels", a->channels, "Of the U-Net at 14x14")
                     ->check(whole_number(8))
                     ->capture_default_str());
  plan.push_back(mnist->add_option("--deep-channels", a->deep_channels, "Of the U-Net at 7x7")
                     ->check(whole_number(8))
                     ->capture_default_str());
  plan.push_back(
      mnist->add_option("--blocks", a->blocks, "Residual blocks at 14x14, on the way down and up")
          ->check(whole_number(1, 100))
          ->capture_default_str());
  plan.push_back(mnist->add_option("--deep-blocks", a->deep_blocks, "Residual blocks at 7x7")
                     ->check(whole_number(1, 100))
                     ->capture_default_str());
  plan.push_back(
      mnist->add_flag("--classes",
                      a->classes,
                      "A network that can be asked for a digit (`stochflow conditional`)"));
  plan.push_back(mnist->add_option(
      "--from", a->from, "Start from this network's weights; it may have fewer blocks"));
  plan.push_back(mnist->add_option(
      "--palettes",
      a->palettes,
      "Which grey levels occur together in an image, for the head to know in training and after: a "
      "file of `train palettes`, or mnist-palettes, which comes along"));
  mnist->add_flag("--half", a->half, "Round the weights of the network file to half precision");
  plan.push_back(
      mnist
          ->add_option("--precision",
                       a->precision,
                       "Of the convolutions: bfloat16, float32, or auto (bfloat16 where the "
                       "processor multiplies it faster)")
          ->capture_default_str());
  mnist->add_option("--data", a->data, "Folder with the MNIST files")->capture_default_str();
  mnist->add_flag("--colours", a->colours, "Digits in one hue each (`stochflow colourise`)");
  mnist->add_option("--out", a->out, "Folder for network, state, log and curve")
      ->capture_default_str();
  CLI::Option* const resume = mnist->add_flag(
      "--resume", a->resume, "Continue the run in --out, bit for bit, as it was planned");
  for (CLI::Option* const option : plan) resume->excludes(option);
  mnist->add_option("--checkpoint-minutes", a->checkpoint_minutes, "Time between checkpoints")
      ->check(positive_number())
      ->capture_default_str();
  mnist->add_option("--json", a->json, "Write inputs and results to this file");
  mnist->callback([a, steps] {
    a->new_plan = steps->count() > 0;
    with_crew([&](const Crew& crew) { train_on_mnist(*a, crew); });
  });
}

}  // namespace stochflow::apps
