#pragma once

// The order of a Runge-Kutta method, proved: its conditions for all rooted trees up to that order.
// A tree is a root with subtrees; its elementary weight is Phi_i = prod over subtrees of
// (A Phi(subtree))_i, its density gamma the number of its nodes times the densities of its
// subtrees, and the method is of order p when sum_i b_i Phi_i = 1/gamma for every tree of at most p
// nodes (1, 1, 2, 4, 9, 20, 48, 115 of 1 ... 8 nodes).
// Source: Butcher 1963; Hairer, Norsett and Wanner 1993, section II.2.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace stochflow::verify {

template <std::size_t s>
struct RootedTree {
  int nodes;
  double density;
  std::array<double, s> weight;   // Phi
  std::array<double, s> grafted;  // A Phi
};

/// All trees of at most `order` nodes, with their weights for stages a.
template <std::size_t s>
std::vector<RootedTree<s>> rooted_trees(const std::array<std::array<double, s>, s>& a, int order) {
  std::vector<RootedTree<s>> trees;
  const auto finish = [&](RootedTree<s> tree) {
    tree.density *= tree.nodes;
    for (std::size_t i = 0; i < s; ++i) {
      long double sum = 0;
      for (std::size_t j = 0; j < i; ++j) {
        sum += static_cast<long double>(a[i][j]) * static_cast<long double>(tree.weight[j]);
      }
      tree.grafted[i] = static_cast<double>(sum);
    }
    trees.push_back(tree);
  };
  for (int nodes = 1; nodes <= order; ++nodes) {
    const std::size_t known = trees.size();
    RootedTree<s> bare{.nodes = 1, .density = 1, .weight = {}, .grafted = {}};
    bare.weight.fill(1);
    // Every multiset of known trees with nodes - 1 nodes in all, as a sequence of falling indices.
    const auto grow = [&](const auto& self, const RootedTree<s>& tree, std::size_t below) -> void {
      if (tree.nodes == nodes) return finish(tree);
      for (std::size_t k = 0; k < below; ++k) {
        if (tree.nodes + trees[k].nodes > nodes) continue;
        RootedTree<s> next = tree;
        next.nodes += trees[k].nodes;
        next.density *= trees[k].density;
        for (std::size_t i = 0; i < s; ++i) next.weight[i] *= trees[k].grafted[i];
        self(self, next, k + 1);
      }
    };
    grow(grow, bare, known);
  }
  return trees;
}

/// The largest violation of the conditions up to `order` by weights w at the fraction theta of a
/// step: |sum_i w_i Phi_i - theta^nodes / gamma|.
template <std::size_t s>
double order_violation(const std::array<std::array<double, s>, s>& a,
                       const std::array<double, s>& w,
                       int order,
                       double theta = 1) {
  double worst = 0;
  for (const auto& tree : rooted_trees(a, order)) {
    long double sum = 0;
    for (std::size_t i = 0; i < s; ++i) {
      sum += static_cast<long double>(w[i]) * static_cast<long double>(tree.weight[i]);
    }
    const double target = std::pow(theta, tree.nodes) / tree.density;
    worst = std::max(worst, std::abs(static_cast<double>(sum) - target));
  }
  return worst;
}

}  // namespace stochflow::verify
