// The strong orders of the Langevin methods, measured on one Brownian path at every step size, and
// their orders without noise. Seven intervals at 1 - 1e-8: a false alarm in 1e7 seeds.

#include <gtest/gtest.h>

#include "paths.hpp"
#include "stochflow/langevin/catalogue.hpp"
#include "stochflow/methods/shark.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/order_fit.hpp"

namespace stochflow {
namespace {

using langevin_test::Borrowed;
using X = Vector<double, 2>;
using State = PhaseSpace<X>;
using WHK = SpaceTimeTimeIncrement<X>;

// U = x^4/4 - x^2/2 + y^2 + sin(x y): a double well in x, coupled to y.
const auto gradient = [](const X& q) {
  const double c = std::cos(q[0] * q[1]);
  return X(q[0] * q[0] * q[0] - q[0] + q[1] * c, 2 * q[1] + q[0] * c);
};
const State start{X(0.6, -0.4), X(0.3, 0.8)};
constexpr double t1 = 2;

template <class M>
State end_of(const UnderdampedLangevin<std::decay_t<decltype(gradient)>>& sde,
             const M& method,
             const std::vector<WHK>& path) {
  const auto grid = uniform_grid(0, t1, static_cast<std::int64_t>(path.size()));
  return solve(sde, method, start, grid, Borrowed<X>{path}).x;
}

double squared_distance(const State& a, const State& b) {
  return (a.x - b.x).square().sum() + (a.v - b.v).square().sum();
}

TEST(Join, AgreesWithTheTwoAreasThatTheLibraryMerges) {
  const WHK a{X(0.3, -1), X(0.1, 0.2), X(0.01, 0.02)}, b{X(-0.7, 0.4), X(0, -0.1), X(0.03, 0)};
  const auto joined = langevin_test::join(a, 0.25, b, 0.5);
  const auto merged =
      merge(SpaceTimeIncrement<X>{a.W, a.H}, 0.25, SpaceTimeIncrement<X>{b.W, b.H}, 0.5);
  EXPECT_NEAR((joined.W - merged.W).abs().maxCoeff(), 0, 1e-15);
  EXPECT_NEAR((joined.H - merged.H).abs().maxCoeff(), 0, 1e-15);
}

// The law of a joined K: variance h/720 and independent of W and H, by the linear map itself.
TEST(Join, KeepsTheLaw) {
  constexpr double h1 = 0.3, h2 = 0.5;
  Eigen::Matrix<double, 3, 6> map;
  for (int i = 0; i < 6; ++i) {
    using One = SpaceTimeTimeIncrement<double>;
    One parts[2] = {{0, 0, 0}, {0, 0, 0}};
    const double h = i < 3 ? h1 : h2;
    One& d = parts[i / 3];
    (i % 3 == 0   ? d.W
     : i % 3 == 1 ? d.H
                  : d.K) = std::sqrt(h / (i % 3 == 0   ? 1
                                          : i % 3 == 1 ? 12
                                                       : 720));
    const One whole = langevin_test::join(parts[0], h1, parts[1], h2);
    map.col(i) << whole.W, whole.H, whole.K;
  }
  const Eigen::Vector3d variances(1, 1.0 / 12, 1.0 / 720);
  const Eigen::Matrix3d expected = (h1 + h2) * Eigen::Matrix3d(variances.asDiagonal());
  EXPECT_LT((map * map.transpose() - expected).cwiseAbs().maxCoeff(), 1e-15);
}

TEST(LangevinOrders, StrongAsClaimed) {
  constexpr int coarsest = 3, finest = 7, reference = 11, batches = 64, paths = 8;
  constexpr int count = finest - coarsest + 1;
  constexpr std::size_t methods = std::tuple_size_v<verify::LangevinMethods>;
  const UnderdampedLangevin sde(gradient, 1.3, 0.8);
  std::array<Eigen::MatrixXd, methods> squares;
  squares.fill(Eigen::MatrixXd::Zero(batches, count));
  double shark = 0;  // another method altogether, to know that the reference solves this equation

  for (int k = 0; k < batches * paths; ++k) {
    const FreshIncrements<X> fresh(31, static_cast<std::uint64_t>(k), X::Zero());
    std::vector<WHK> path;
    double h = std::ldexp(t1, -reference);
    for (int n = 0; n < 1 << reference; ++n) {
      path.push_back(fresh.space_time_time_increment({n, n * h, h}));
    }
    const State exact = end_of(sde, QUICSORT{}, path);
    shark += squared_distance(end_of(sde, ShARK{}, path), exact) / (batches * paths);
    for (int level = reference; level > coarsest;) {
      path = langevin_test::halved(path, h);
      h *= 2;
      if (--level > finest) continue;
      std::size_t m = 0;
      verify::for_each_type<verify::LangevinMethods>([&](auto method) {
        squares[m++](k / paths, level - coarsest) +=
            squared_distance(end_of(sde, method, path), exact) / paths;
      });
    }
  }
  EXPECT_LT(std::sqrt(shark), 5e-5);  // of the size of h^{3/2}, the error of ShARK

  Eigen::VectorXd h(count);
  for (int l = 0; l < count; ++l) h[l] = std::ldexp(t1, -(coarsest + l));
  std::size_t m = 0;
  verify::for_each_type<verify::LangevinMethods>([&](auto method) {
    using M = decltype(method);
    const auto errors = verify::square_root(verify::level_errors(h, squares[m++]));
    const auto fit = verify::fit_order(errors, 1 - 1e-8);
    const double claim = M::facts.strong.additive;
    EXPECT_TRUE(fit.resolved) << M::facts.name;
    EXPECT_FALSE(fit.falls_short_of(claim)) << M::facts.name << ' ' << fit.order;
    EXPECT_NEAR(fit.order, claim, 0.15) << M::facts.name;
    RecordProperty(std::string(M::facts.name), std::to_string(fit.order));
  });
}

TEST(LangevinOrders, WithoutFrictionAndNoise) {
  const UnderdampedLangevin sde(gradient, 0.0, 0.8);
  const auto still = [](int level) {
    return std::vector<WHK>(std::size_t{1} << level, WHK{X::Zero(), X::Zero(), X::Zero()});
  };
  const State exact = end_of(sde, QUICSORT{}, still(14));
  const auto error = [&](const auto& method, int level) {
    return std::sqrt(squared_distance(end_of(sde, method, still(level)), exact));
  };
  verify::for_each_type<verify::LangevinMethods>([&](auto method) {
    const auto& facts = decltype(method)::facts;
    const double expected = std::max(2.0, facts.strong.additive);
    const double order = std::log2(error(method, 7) / error(method, 8));
    EXPECT_NEAR(order, expected, 0.1) << facts.name;
  });
}

}  // namespace
}  // namespace stochflow
