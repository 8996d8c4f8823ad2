// Weak orders without sampling: the moments of one step by Gauss-Hermite quadrature over (W, H, K),
// against the expansion phi + h L phi + h^2/2 L^2 phi + ... with the generator
//   L = v d/dx - (gamma v + u U'(x)) d/dv + gamma u d^2/dv^2
// applied to polynomials exactly.

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <map>

#include "paths.hpp"
#include "stochflow/langevin/catalogue.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

constexpr double gamma_ = 1.3, u = 0.8;
const auto gradient = [](double x) { return -0.7 * x + 0.4 * x * x + x * x * x; };
const UnderdampedLangevin sde(gradient, gamma_, u);
const PhaseSpace start{0.5, -0.4};

/// A polynomial in (x, v) by its exponents.
class Polynomial {
 public:
  static Polynomial power(int i, int j) {
    Polynomial p;
    p.add(i, j, 1);
    return p;
  }
  double operator()(double x, double v) const {
    double sum = 0;
    for (const auto& [e, c] : terms_) sum += c * std::pow(x, e.first) * std::pow(v, e.second);
    return sum;
  }
  Polynomial generator() const {
    Polynomial L;
    for (const auto& [e, c] : terms_) {
      const auto [i, j] = e;
      if (i > 0) L.add(i - 1, j + 1, c * i);
      if (j > 0) {
        L.add(i, j, -gamma_ * c * j);
        L.add(i + 1, j - 1, 0.7 * u * c * j);
        L.add(i + 2, j - 1, -0.4 * u * c * j);
        L.add(i + 3, j - 1, -u * c * j);
      }
      if (j > 1) L.add(i, j - 2, gamma_ * u * c * j * (j - 1));
    }
    return L;
  }

 private:
  void add(int i, int j, double c) { terms_[{i, j}] += c; }
  std::map<std::pair<int, int>, double> terms_;
};

/// Nodes and weights for standard normals (Golub and Welsch).
struct Hermite {
  Eigen::VectorXd nodes, weights;
  explicit Hermite(int n) {
    Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(n, n);
    for (int i = 1; i < n; ++i) jacobi(i, i - 1) = jacobi(i - 1, i) = std::sqrt(i);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(jacobi);
    nodes = solver.eigenvalues();
    weights = solver.eigenvectors().row(0).array().square();
  }
};

/// The largest difference over all moments up to degree 4 between one step and the expansion to
/// h^order.
template <class M>
double local_error(double h, int order) {
  static const Hermite hermite(11);
  std::vector<std::pair<int, int>> powers;
  for (int i = 0; i <= 4; ++i) {
    for (int j = 0; i + j <= 4; ++j) powers.emplace_back(i, j);
  }
  std::vector<double> moments(powers.size());
  const auto n = hermite.nodes.size();
  for (Eigen::Index a = 0; a < n; ++a) {
    for (Eigen::Index b = 0; b < n; ++b) {
      for (Eigen::Index c = 0; c < n; ++c) {
        const SpaceTimeTimeIncrement<double> dB{std::sqrt(h) * hermite.nodes[a],
                                                std::sqrt(h / 12) * hermite.nodes[b],
                                                std::sqrt(h / 720) * hermite.nodes[c]};
        const auto s = M{}.step(sde, start, 0.0, h, langevin_test::narrowed<M>(dB));
        const double weight = hermite.weights[a] * hermite.weights[b] * hermite.weights[c];
        for (std::size_t k = 0; k < powers.size(); ++k) {
          moments[k] += weight * std::pow(s.x, powers[k].first) * std::pow(s.v, powers[k].second);
        }
      }
    }
  }
  double worst = 0;
  for (std::size_t k = 0; k < powers.size(); ++k) {
    Polynomial term = Polynomial::power(powers[k].first, powers[k].second);
    double factor = 1, expected = term(start.x, start.v);
    for (int i = 1; i <= order; ++i) {
      term = term.generator();
      factor *= h / i;
      expected += factor * term(start.x, start.v);
    }
    worst = std::max(worst, std::abs(moments[k] - expected));
  }
  return worst;
}

template <class M>
double weak_order(int claim) {
  constexpr double h = 1.0 / 64;
  const int order = claim + 4;  // far enough that what is seen is the method's own error
  return std::log2(local_error<M>(h, order) / local_error<M>(h / 2, order)) - 1;
}

TEST(LangevinWeakOrders, AsClaimedAndNoMore) {
  verify::for_each_type<verify::LangevinMethods>([](auto method) {
    using M = decltype(method);
    constexpr double claim = M::facts.weak.additive;
    EXPECT_NEAR(weak_order<M>(static_cast<int>(claim)), claim, 0.15) << M::facts.name;
  });
}

TEST(LangevinWeakOrders, OfOtherStrings) {
  EXPECT_NEAR(weak_order<FixedSplitting<"BAO">>(1), 1, 0.1);
  EXPECT_NEAR(weak_order<FixedSplitting<"O V R V">>(1), 1, 0.1);
  EXPECT_NEAR(weak_order<FixedSplitting<"ABOBA">>(2), 2, 0.1);
  EXPECT_NEAR(weak_order<FixedSplitting<"O B A O A B O">>(2), 2, 0.1);
  EXPECT_NEAR(weak_order<FixedSplitting<"V R V O V R V">>(2), 2, 0.1);
  EXPECT_EQ(FixedSplitting<"V R V O V R V">::facts.weak.additive, 2);
  EXPECT_EQ(FixedSplitting<"O V R V">::facts.weak.additive, 1);
}

}  // namespace
}  // namespace stochflow
