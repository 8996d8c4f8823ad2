#include "stochflow/diffusion/nets/deepen.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/diffusion/nets/description.hpp"
#include "stochflow/diffusion/nets/unet.hpp"

namespace stochflow::diffusion {
namespace {

/// The blocks of a network in the order in which they run, which is that of their modulations.
struct BlockName {
  std::string stage;
  std::int64_t number;
  std::int64_t channels;
  std::string text() const { return stage + std::to_string(number); }
};

std::vector<BlockName> blocks_of(const ScoreNetworkConfig& c) {
  std::vector<BlockName> blocks;
  for (std::int64_t i = 0; i < c.blocks_down; ++i) blocks.push_back({"down", i, c.channels});
  for (std::int64_t i = 0; i < c.blocks_deep; ++i) blocks.push_back({"deep", i, c.deep_channels});
  for (std::int64_t i = 0; i < c.blocks_up; ++i) blocks.push_back({"up", i, c.channels});
  return blocks;
}

std::int64_t before_attention(const ScoreNetworkConfig& c) { return (c.blocks_deep + 1) / 2; }

/// Where block `name` of the small network stands in the deep one.
BlockName place(BlockName name, const ScoreNetworkConfig& from, const ScoreNetworkConfig& to) {
  if (name.stage == "deep" && name.number >= before_attention(from)) {
    name.number += before_attention(to) - before_attention(from);
  }
  return name;
}

void check(const ScoreNetworkConfig& from, const ScoreNetworkConfig& to) {
  ScoreNetworkConfig same = to;
  same.blocks_down = from.blocks_down;
  same.blocks_deep = from.blocks_deep;
  same.blocks_up = from.blocks_up;
  if (from.classes == 0) same.classes = 0;
  if (to_json(same) != to_json(from)) {
    throw std::invalid_argument(
        "deepen: the networks may differ in their numbers of blocks only, and in knowing classes, "
        "found " +
        to_json(from) + " and " + to_json(to));
  }
  const bool room =
      to.blocks_down >= from.blocks_down && to.blocks_up >= from.blocks_up &&
      before_attention(to) >= before_attention(from) &&
      to.blocks_deep - before_attention(to) >= from.blocks_deep - before_attention(from);
  if (!room) {
    throw std::invalid_argument("deepen: the deeper network has fewer blocks somewhere: " +
                                to_json(from) + " and " + to_json(to));
  }
}

}  // namespace

void deepen(const ScoreNetwork& trained, ScoreNetwork& deeper, std::uint64_t seed) {
  const ScoreNetworkConfig &from = trained.config(), &to = deeper.config();
  check(from, to);
  deeper.initialise(seed);
  if (const auto palettes = trained.palettes()) deeper.take_palettes(*palettes);
  const c10::NoGradGuard no_grad;
  const auto source = trained.unet().named_parameters();
  auto target = deeper.unet().named_parameters();

  std::map<std::string, std::string> new_prefix;
  for (const BlockName& name : blocks_of(from)) {
    new_prefix[name.text()] = place(name, from, to).text();
  }
  for (const auto& item : source) {
    const std::string& name = item.key();
    if (name == "modulation_weight" || name == "modulation_bias") continue;
    const std::size_t end = name.find('_');
    const auto moved = new_prefix.find(name.substr(0, end));
    const std::string to_name = moved == new_prefix.end() ? name : moved->second + name.substr(end);
    target[to_name].copy_(item.value());
  }

  // Two rows a channel for every block in turn.
  std::map<std::string, std::int64_t> first_row;
  std::int64_t rows = 0;
  for (const BlockName& name : blocks_of(to)) {
    first_row[name.text()] = rows;
    rows += 2 * name.channels;
  }
  rows = 0;
  for (const BlockName& name : blocks_of(from)) {
    const std::int64_t count = 2 * name.channels;
    for (const char* part : {"modulation_weight", "modulation_bias"}) {
      target[part]
          .narrow(0, first_row.at(place(name, from, to).text()), count)
          .copy_(source[part].narrow(0, rows, count));
    }
    rows += count;
  }
}

}  // namespace stochflow::diffusion
