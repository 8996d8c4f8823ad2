#include "stochflow/diffusion/train/trainer.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <barrier>
#include <cmath>
#include <stdexcept>
#include <thread>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/unet.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/train/bound.hpp"

namespace stochflow::diffusion {
namespace {

ScoreNetworkConfig tiny() {
  return {.channels = 8,
          .deep_channels = 8,
          .blocks_down = 1,
          .blocks_deep = 1,
          .blocks_up = 1,
          .heads = 1,
          .groups = 4,
          .embedding = 8,
          .height = 8,
          .width = 8,
          .box_levels = {0, 255},
          .gaussians = 2};
}

// Flat background with a few full pixels, so that there is something to learn.
at::Tensor images(std::int64_t n = 24) {
  const at::Tensor noise = normals(
      RandomStream(1, Purpose::probe), sample_range(0, n), 0, at::empty({n, 1, 8, 8}, at::kFloat));
  return at::where(noise > 1, at::full_like(noise, 255), at::zeros_like(noise)).to(at::kByte);
}

TrainSettings quick() { return {.seed = 3, .steps = 40, .batch = 8, .warm_up = 2, .average = 0.9}; }

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::temp_directory_path() /
         ("stochflow-" + name + "-" + std::to_string(getpid()));
}

std::map<std::string, at::Tensor> weights_of(const ScoreNetwork& network) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& item : network.unet().named_parameters()) weights[item.key()] = item.value();
  return weights;
}

class TrainerWith : public testing::TestWithParam<Optimiser> {
 protected:
  static TrainSettings quick_run() {
    TrainSettings settings = quick();
    settings.optimiser = GetParam();
    return settings;
  }
};

TEST_P(TrainerWith, AResumedRunIsTheSameToTheLastBit) {
  const auto file = temporary("resume");
  Trainer whole(tiny(), quick_run(), images());
  for (int i = 0; i < 4; ++i) whole.step();
  Trainer first(tiny(), quick_run(), images());
  first.step();
  first.step();
  first.save(file);
  Trainer second = Trainer::load(file, images());
  std::filesystem::remove(file);
  EXPECT_EQ(second.steps_made(), 2);
  second.step();
  second.step();
  const auto expected = weights_of(whole.network()), found = weights_of(second.network());
  for (const auto& [name, weight] : expected) {
    EXPECT_TRUE(at::equal(weight, found.at(name))) << name;
  }
  const auto average = weights_of(whole.averaged()), same = weights_of(second.averaged());
  for (const auto& [name, weight] : average) EXPECT_TRUE(at::equal(weight, same.at(name))) << name;
  // Both moments count: the next steps agree too.
  EXPECT_EQ(whole.step().bound, second.step().bound);
}

// Two palettes of half the levels each.
Palettes odd_and_even() {
  Palettes palettes{at::full({2}, std::log(0.5), at::kDouble), at::zeros({2, 256}, at::kDouble)};
  for (std::int64_t v = 1; v < 256; ++v) palettes.log_ratios[v % 2][v] = -6;
  return palettes;
}

// Training makes use of them, and whatever comes of it has them: a resumed run, the averaged
// network, a run that starts from that one.
TEST(Trainer, PalettesStayWithTheNetwork) {
  const auto file = temporary("palettes");
  Trainer without(tiny(), quick(), images()), whole(tiny(), quick(), images());
  whole.take_palettes(odd_and_even());
  EXPECT_NE(without.step().bound, whole.step().bound);
  whole.save(file);
  Trainer resumed = Trainer::load(file, images());
  std::filesystem::remove(file);
  EXPECT_EQ(whole.step().bound, resumed.step().bound);
  Trainer next(tiny(), quick(), images());
  next.start_from(resumed.averaged());
  const auto found = next.network().palettes();
  ASSERT_TRUE(found);
  EXPECT_TRUE(at::equal(found->log_weights, odd_and_even().log_weights));
  EXPECT_TRUE(at::equal(found->log_ratios, odd_and_even().log_ratios));
}

TEST(Trainer, AnotherRunsStateIsRefused) {
  const auto file = temporary("refused");
  Trainer trainer(tiny(), quick(), images());
  trainer.save(file);
  ScoreNetworkConfig wider = tiny();
  wider.channels = 16;
  EXPECT_THROW(Trainer(wider, quick(), images()).resume(file), std::runtime_error);
  TrainSettings longer = quick();
  longer.steps = 50;
  EXPECT_THROW(Trainer(tiny(), longer, images()).resume(file), std::runtime_error);
  EXPECT_THROW(Trainer::load(file, images(16)), std::runtime_error);
  write_tensors(file, {});
  EXPECT_THROW(Trainer::load(file, images()), std::runtime_error);
  std::filesystem::remove(file);
}

TEST_P(TrainerWith, LowersTheBound) {
  for (const Head head : {Head::mixture_posterior, Head::noise}) {
    ScoreNetworkConfig config = tiny();
    config.head = head;
    TrainSettings settings = quick_run();
    settings.steps = 100;
    settings.learning_rate = 1e-2;
    Trainer trainer(config, settings, images());
    const double before = evidence_bound(trainer.averaged(), images(), 1, 20).diffusion;
    for (int i = 0; i < 100; ++i) trainer.step();
    const double after = evidence_bound(trainer.averaged(), images(), 1, 20).diffusion;
    EXPECT_LT(after, before - (head == Head::noise ? 0.05 : 0.3));
  }
}

// Two convolutions in each of the three blocks; shrink, grow, merge; two matrices of the attention.
TEST(Trainer, KnowsTheWeightsBetweenHiddenChannels) {
  const ScoreNetwork network(tiny());
  int hidden = 0;
  for (const auto& [name, weight] : weights_of(network)) {
    if (!UNet::between_hidden_channels(name)) continue;
    ++hidden;
    EXPECT_GE(weight.dim(), 2) << name;
  }
  EXPECT_EQ(hidden, 11);
}

INSTANTIATE_TEST_SUITE_P(Every,
                         TrainerWith,
                         testing::Values(Optimiser::adam, Optimiser::muon),
                         [](const auto& info) { return name(info.param); });

TEST(Trainer, TheNumberOfPartsOnlyChangesTheRounding) {
  TrainSettings one = quick(), four = quick();
  one.parts = 1;
  four.parts = 4;
  Trainer a(tiny(), one, images()), b(tiny(), four, images());
  const StepReport x = a.step(), y = b.step();
  EXPECT_NEAR(x.bound, y.bound, 1e-5);
  EXPECT_NEAR(x.gradient_norm, y.gradient_norm, 1e-5 * x.gradient_norm);
  one.parts = 3;
  EXPECT_THROW(Trainer(tiny(), one, images()), std::invalid_argument);
}

// Two ranks as threads that meet at a barrier: every step is, to the bit, that of one process with
// as many parts.
TEST(Trainer, RanksMakeTheSameSteps) {
  TrainSettings settings = quick();
  settings.parts = 4;
  Trainer alone(tiny(), settings, images());
  std::array<at::Tensor, 2> brought;
  std::barrier meeting(2);
  const auto sum = [&](int rank) {
    return [&, rank](at::Tensor& v) {
      brought[static_cast<std::size_t>(rank)] = v;
      meeting.arrive_and_wait();
      const at::Tensor all = brought[0] + brought[1];
      meeting.arrive_and_wait();  // both have read
      v.copy_(all);
    };
  };
  std::vector<Trainer> trainers;
  for (int rank = 0; rank < 2; ++rank) {
    trainers.emplace_back(tiny(), settings, images());
    trainers.back().share_parts({.rank = rank, .ranks = 2, .sum = sum(rank)});
  }
  std::array<double, 2> bounds{};
  const auto work = [&](std::size_t rank) {
    for (int i = 0; i < 3; ++i) bounds[rank] = trainers[rank].step().bound;
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  double bound = 0;
  for (int i = 0; i < 3; ++i) bound = alone.step().bound;
  for (std::size_t rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(bounds[rank], bound);
    const auto expected = weights_of(alone.network()), found = weights_of(trainers[rank].network());
    for (const auto& [name, weight] : expected) {
      EXPECT_TRUE(at::equal(weight, found.at(name))) << name;
    }
  }
  settings.parts = 1;
  EXPECT_THROW(Trainer(tiny(), settings, images()).share_parts({.rank = 0, .ranks = 2}),
               std::invalid_argument);
  settings.batch = 24;
  settings.parts = 6;
  EXPECT_NO_THROW(Trainer(tiny(), settings, images()).share_parts({}));  // one process
  EXPECT_THROW(Trainer(tiny(), settings, images()).share_parts({.rank = 0, .ranks = 2}),
               std::invalid_argument);
}

TEST(Trainer, EveryEpochIsAPermutation) {
  std::vector<int> seen(24, 0);
  std::vector<std::int64_t> order;
  for (std::int64_t step = 0; step < 6; ++step) {
    const at::Tensor indices = batch_indices(9, step, 8, 24);
    for (std::int64_t i = 0; i < 8; ++i) {
      order.push_back(indices[i].item<std::int64_t>());
      ++seen[static_cast<std::size_t>(order.back())];
    }
  }
  EXPECT_EQ(seen, std::vector<int>(24, 2));
  EXPECT_NE(std::vector<std::int64_t>(order.begin(), order.begin() + 24),
            std::vector<std::int64_t>(order.begin() + 24, order.end()));
  // A batch across the end of an epoch takes from both.
  EXPECT_EQ(batch_indices(9, 1, 16, 24)[8].item<std::int64_t>(), order[24]);
}

TEST(Trainer, LearningRateRisesThenFallsToZero) {
  TrainSettings s{.steps = 1000, .learning_rate = 2, .warm_up = 10};
  EXPECT_NEAR(learning_rate_at(s, 0), 0.2, 1e-3);
  EXPECT_NEAR(learning_rate_at(s, 500), 1, 1e-12);
  EXPECT_NEAR(learning_rate_at(s, 1000), 0, 1e-12);
}

TEST(NoiseLevels, FindTheirSlices) {
  const at::Tensor gamma = at::tensor({-16.0, -9.1, -8.9, 4.9, 5.0}, at::kDouble);
  const at::Tensor found = slice_values({10, 20, 30}, gamma, -16, 5);
  EXPECT_TRUE(found.equal(at::tensor({10.0, 10.0, 20.0, 30.0, 30.0}, at::kDouble)));
}

// Where a slice has no weight in the loss nothing is learnt of it.
TEST(Trainer, SlicesWeighAsTheySay) {
  const auto gradient = [](std::vector<double> weights) {
    TrainSettings settings = quick();
    settings.surprise = 0;
    settings.slice_weights = std::move(weights);
    Trainer trainer(tiny(), settings, images());
    return trainer.step().gradient_norm;
  };
  const double plain = gradient({});
  EXPECT_NEAR(gradient({1, 1, 1}), plain, 1e-5 * plain);
  EXPECT_NEAR(gradient({3, 3, 3}), 3 * plain, 1e-4 * plain);
  EXPECT_EQ(gradient({0, 0, 0}), 0);
  EXPECT_GT(std::abs(gradient({1, 1, 0}) - plain), 1e-3 * plain);
}

TEST(NoiseLevels, WeightedAveragesAreUniformOnes) {
  const auto average = [](const std::vector<double>& slices, const auto& f) {
    double sum = 0;
    constexpr int shifts = 50, batch = 200;
    for (int k = 0; k < shifts; ++k) {
      const NoiseLevels levels = draw_noise_levels(-16, 5, slices, batch, (k + 0.5) / shifts);
      for (std::int64_t i = 0; i < batch; ++i) {
        sum += levels.weight[i].item<double>() * f(levels.gamma[i].item<double>());
      }
    }
    return sum / (shifts * batch);
  };
  for (const auto& slices : {std::vector<double>{}, std::vector<double>{1, 3, 0.5, 2}}) {
    EXPECT_NEAR(average(slices, [](double) { return 1.0; }), 1, 1e-3);
    EXPECT_NEAR(average(slices, [](double g) { return g; }), -5.5, 1e-2);
    EXPECT_NEAR(average(slices, [](double g) { return g * g; }), 67, 0.2);  // 5.5^2 + 21^2/12
  }
  EXPECT_THROW(draw_noise_levels(0, 1, {1, 0}, 4, 0.5), std::invalid_argument);
}

TEST(Bound, IsReproducibleAndItsTermsAddUp) {
  ScoreNetwork network(tiny());
  network.initialise(1);
  const BoundReport a = evidence_bound(network, images(), 5, 2),
                    b = evidence_bound(network, images(), 5, 2);
  EXPECT_EQ(a.bits_per_dim, b.bits_per_dim);
  EXPECT_NEAR(a.bits_per_dim, a.prior + a.diffusion + a.decoder, 1e-9);
  EXPECT_GT(a.standard_error, 0);
  EXPECT_THROW(evidence_bound(network, images(1), 5), std::invalid_argument);
}

// Images of class k are all of level 90 k: told the class, there is nothing left to guess.
TEST(Trainer, TeachesClassesAndTheirAbsence) {
  ScoreNetworkConfig config = tiny();
  config.classes = 2;
  config.gamma_min = -6;  // above, what the class says is all there is to learn
  const at::Tensor labels = at::arange(24, at::kLong).remainder(2).to(at::kByte);
  const at::Tensor levels =
      (90 * labels + 60).reshape({24, 1, 1, 1}).expand({24, 1, 8, 8}).contiguous();
  TrainSettings settings = quick();
  settings.steps = 150;
  settings.learning_rate = 1e-2;
  settings.unlabelled = 0.25;
  Trainer trainer(config, settings, levels, labels);
  while (trainer.steps_made() < settings.steps) trainer.step();
  const ScoreNetwork network = trainer.averaged();
  const at::Tensor x = levels.to(at::kFloat) / 128 - 1 + 0.5 / 128;
  const at::Tensor noise = normals(RandomStream(9, Purpose::probe),
                                   sample_range(0, 24),
                                   0,
                                   at::empty({24, 1, 8, 8}, at::kFloat));
  const at::Tensor gamma = at::full({24}, 4, at::kFloat);
  const auto root = [](double g) { return std::sqrt(1 / (1 + std::exp(-g))); };
  const at::Tensor z = root(-4) * x + root(4) * noise;
  const auto error = [&](const at::Tensor& said) {
    return (network.evaluate(z, gamma, {.labels = said}).eps - noise)
        .square()
        .mean()
        .item<double>();
  };
  const at::Tensor right = labels.to(at::kLong);
  const double told = error(right), untold = error({}), misled = error(1 - right);
  EXPECT_LT(told, 0.8 * untold);
  EXPECT_LT(untold, misled);
  // Some images came without label, which has a row of its own, silent at first.
  const at::Tensor table = weights_of(network).at("label_table");
  EXPECT_GT(table[2].abs().max().item<double>(), 0);
  EXPECT_THROW(Trainer(config, settings, levels), std::invalid_argument);
  EXPECT_THROW(Trainer(config, settings, levels, labels + 1), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
