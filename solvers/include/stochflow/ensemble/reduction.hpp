#pragma once

// Reduction in a fixed order. The leaves 0 ... n-1 are merged along the aligned binary tree, where
// node (level, i) is node (level-1, 2i) merged with node (level-1, 2i+1). A contiguous range of
// leaves has one decomposition into such nodes, at most two of each level; ranges that adjoin
// combine to the decomposition of both. So the result has the same bits however the leaves were
// shared out among threads, ranks or sessions, and a range takes memory for O(log n) accumulators.
//
// An accumulator A is default-constructible and has merge(const A& next), next being what follows.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/ensemble/threads.hpp"

namespace stochflow {

/// The leaves [first, last), reduced as far as the tree allows.
template <class A>
class LeafRange {
 public:
  struct Node {
    int level;           // of 2^level leaves
    std::int64_t index;  // the first of them over 2^level
    A value;
  };

  explicit LeafRange(std::int64_t first = 0) : first_(first), last_(first) {}
  /// A range that travelled as its nodes.
  LeafRange(std::int64_t first, std::vector<Node> nodes) : LeafRange(first) {
    for (Node& node : nodes) push(std::move(node));
  }

  std::int64_t first() const { return first_; }
  std::int64_t last() const { return last_; }
  const std::vector<Node>& nodes() const { return nodes_; }

  /// Adds leaf last().
  void add(A leaf) { push({0, last_, std::move(leaf)}); }

  /// Adds the range that starts where this one ends.
  void append(LeafRange next) {
    if (next.first_ != last_) {
      throw std::invalid_argument("LeafRange: a range from leaf " + std::to_string(next.first_) +
                                  " was appended to one that ends at leaf " +
                                  std::to_string(last_) + ": append them in order, without gaps");
    }
    for (Node& node : next.nodes_) push(std::move(node));
  }

  /// All leaves as one.
  A total() const {
    A sum{};
    for (const Node& node : nodes_) sum.merge(node.value);
    return sum;
  }

 private:
  void push(Node node) {
    last_ += std::int64_t{1} << node.level;
    nodes_.push_back(std::move(node));
    while (nodes_.size() >= 2) {
      Node& right = nodes_.back();
      Node& left = nodes_[nodes_.size() - 2];
      if (left.level != right.level || left.index % 2 != 0) break;
      left.value.merge(right.value);
      ++left.level;
      left.index /= 2;
      nodes_.pop_back();
    }
  }

  std::int64_t first_, last_;
  std::vector<Node> nodes_;
};

/// The leaves [first, last), make_leaf(k) -> A called on several threads. after(range) is called,
/// from one thread at a time, whenever some leaves have joined those before them.
template <class A, class MakeLeaf, class After>
LeafRange<A> reduce_leaves(std::int64_t first,
                           std::int64_t last,
                           int threads,
                           const MakeLeaf& make_leaf,
                           const After& after) {
  // Threads take short runs of leaves, which wait in `ready` for those before them.
  const std::int64_t leaves = last - first;
  const int workers = detail::thread_count(threads, leaves);
  const auto run = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(leaves / (16 * std::int64_t{workers}), 1, 64))));
  LeafRange<A> joined(first);
  std::map<std::int64_t, LeafRange<A>> ready;
  std::mutex mutex;
  detail::for_each_block((leaves + run - 1) / run, workers, [&](std::int64_t block) {
    LeafRange<A> part(first + block * run);
    const std::int64_t end = std::min(part.first() + run, last);
    for (std::int64_t k = part.first(); k < end; ++k) part.add(make_leaf(k));
    const std::lock_guard lock(mutex);
    ready.emplace(part.first(), std::move(part));
    bool grown = false;
    for (auto next = ready.begin(); next != ready.end() && next->first == joined.last();
         next = ready.erase(next)) {
      joined.append(std::move(next->second));
      grown = true;
    }
    if (grown) after(joined);
  });
  return joined;
}

}  // namespace stochflow
