#pragma once

// All values that the random variables of one step can take, with their probabilities, so that the
// expectation of a step is a finite sum. Discrete variables are enumerated. Gaussian ones are
// replaced by the nodes of Gauss-Hermite rules, which have the same moments up to twice the number
// of nodes: since a step is smooth in sqrt(h) times each variable, what that leaves out is of an
// order in h far above the ones to be proved. A third kind, the area B in A = H W' - W H' + B,
// takes two values with Foster's conditional variance.

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/facts.hpp"

namespace stochflow::verify {

/// The largest number of Brownian motions in a proof of order.
inline constexpr int max_noises = 4;

/// The variables of one step; what a method does not ask for stays zero.
struct NoiseValues {
  using Values = std::array<double, max_noises>;
  Values W{}, H{}, K{}, e{};
  std::array<Values, max_noises> A{};
};

struct Node {
  double value;
  double probability;
};

/// The n nodes of the standard normal distribution's Gauss rule (Golub and Welsch 1969): moments up
/// to 2 n - 1 are exact.
inline std::vector<Node> gauss_hermite(int n) {
  Eigen::VectorXd off_diagonal(n - 1);
  for (int k = 1; k < n; ++k) off_diagonal[k - 1] = std::sqrt(k);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(Eigen::VectorXd::Zero(n), off_diagonal);
  std::vector<Node> nodes;
  for (int k = 0; k < n; ++k) {
    const double first = solver.eigenvectors()(0, k);
    nodes.push_back({solver.eigenvalues()[k], first * first});
  }
  // The rule is symmetric; rounding must not spoil that, or odd moments would not vanish.
  for (int k = 0; k < n / 2; ++k) {
    Node &low = nodes[static_cast<std::size_t>(k)],
         &high = nodes[static_cast<std::size_t>(n - 1 - k)];
    high.value = 0.5 * (high.value - low.value);
    low.value = -high.value;
    low.probability = high.probability = 0.5 * (low.probability + high.probability);
  }
  if (n % 2 == 1) nodes[static_cast<std::size_t>(n / 2)].value = 0;
  return nodes;
}

/// Nodes of each kind of Gaussian variable.
struct QuadratureSizes {
  int W, H, K;
};

/// Enough for the methods that ask for these variables. The increment needs most, because methods
/// of Roessler's kind divide its powers by those of sqrt(h).
constexpr QuadratureSizes quadrature_sizes(NoiseInput needs) {
  switch (needs) {
    case NoiseInput::WHK:
      return {.W = 5, .H = 4, .K = 3};
    case NoiseInput::WA:
      return {.W = 5, .H = 3, .K = 1};
    default:
      return {.W = 8, .H = 3, .K = 1};
  }
}

/// The variance of the area B_jk = A_jk - (H_j W_k - W_j H_k) given H. Source: Foster 2020.
inline double area_variance(double h, double H_j, double H_k) {
  return h * h / 20 + h / 5 * (H_j * H_j + H_k * H_k);
}

namespace detail {

struct Axis {
  double* target;
  const std::vector<Node>* nodes;
};

template <class Visitor>
void for_each_combination(const std::vector<Axis>& axes,
                          std::size_t first,
                          double probability,
                          const Visitor& visit) {
  if (first == axes.size()) {
    visit(probability);
    return;
  }
  for (const Node& node : *axes[first].nodes) {
    *axes[first].target = node.value;
    for_each_combination(axes, first + 1, probability * node.probability, visit);
  }
}

inline std::vector<Node> scaled(std::vector<Node> nodes, double factor) {
  for (Node& node : nodes) node.value *= factor;
  return nodes;
}

}  // namespace detail

/// visit(probability, values) for every combination of values of the variables that `needs` stands
/// for, of m Brownian motions over a step h.
template <class Visitor>
void for_each_noise(
    NoiseInput needs, int m, double h, const QuadratureSizes& sizes, const Visitor& visit) {
  if (m < 1 || m > max_noises) {
    throw std::invalid_argument("for_each_noise: a proof of order handles 1 to " +
                                std::to_string(max_noises) + " Brownian motions, found " +
                                std::to_string(m));
  }
  const std::vector<Node> signs{{-1, 0.5}, {1, 0.5}};
  const double third = std::sqrt(3.0);
  const std::vector<Node> three{{-third, 1.0 / 6}, {0, 2.0 / 3}, {third, 1.0 / 6}};
  const bool discrete = needs == NoiseInput::two_point || needs == NoiseInput::three_point;
  const std::vector<Node> W_nodes =
      detail::scaled(needs == NoiseInput::two_point     ? signs
                     : needs == NoiseInput::three_point ? three
                                                        : gauss_hermite(sizes.W),
                     std::sqrt(h));
  std::vector<Node> H_nodes, K_nodes;
  if (!discrete) {
    H_nodes = detail::scaled(gauss_hermite(sizes.H), std::sqrt(h / 12));
    K_nodes = detail::scaled(gauss_hermite(sizes.K), std::sqrt(h / 720));
  }

  NoiseValues values;
  std::array<double, max_noises*(max_noises - 1) / 2> areas{};  // one sign a pair j < k
  std::vector<detail::Axis> axes;
  for (std::size_t k = 0; k < static_cast<std::size_t>(m); ++k) {
    axes.push_back({&values.W[k], &W_nodes});
    if (!discrete && needs != NoiseInput::W) axes.push_back({&values.H[k], &H_nodes});
    if (needs == NoiseInput::WHK) axes.push_back({&values.K[k], &K_nodes});
    if (needs == NoiseInput::three_point) axes.push_back({&values.e[k], &signs});
  }
  if (needs == NoiseInput::WA) {
    for (int pair = 0; pair < m * (m - 1) / 2; ++pair) {
      axes.push_back({&areas[static_cast<std::size_t>(pair)], &signs});
    }
  }
  detail::for_each_combination(axes, 0, 1, [&](double probability) {
    if (needs == NoiseInput::WA) {
      std::size_t pair = 0;
      for (std::size_t j = 0; j < static_cast<std::size_t>(m); ++j) {
        for (std::size_t k = j + 1; k < static_cast<std::size_t>(m); ++k) {
          const double Hj = values.H[j], Hk = values.H[k];
          const double spread = std::sqrt(area_variance(h, Hj, Hk));
          values.A[j][k] = Hj * values.W[k] - values.W[j] * Hk + spread * areas[pair++];
          values.A[k][j] = -values.A[j][k];
        }
      }
    }
    visit(probability, values);
  });
}

}  // namespace stochflow::verify
