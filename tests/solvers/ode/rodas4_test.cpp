#include "stochflow/ode/rodas4.hpp"

#include <gtest/gtest.h>

namespace stochflow {
namespace {

/// Depends on time through its solution (sin t, cos 2t), with a Jacobian that is full and moves.
const auto moving = [](const auto& x, const auto& t) {
  using std::cos;
  using std::sin;
  using X = std::decay_t<decltype(x)>;
  const auto a = x[0] - sin(t), b = x[1] - cos(2 * t);
  return X(cos(t) + b * x[0] - 4 * a, -2 * sin(2 * t) + a * x[1] * x[1] - 6 * b);
};

/// The error at t = 1 after n equal steps.
template <template <class, int, int, std::size_t> class Scheme, class Field, class Method>
double error_after(const Field& field, const Method& method, int n) {
  Scheme<Field, 2, 0, 2> scheme(field, method);
  using X = detail::LaneState<2>;
  std::array<X, 2> x, next;
  std::array<Pack<double>, 2> t, h, square;
  std::array<detail::LaneState<0>, 2> q;
  for (std::size_t p = 0; p < 2; ++p) {
    x[p] = X(Pack<double>(0), Pack<double>(1));
    h[p] = 1.0 / n;
    t[p] = 0;
    scheme.begin(p, PackMask<double>(true), field(x[p], t[p]));
  }
  for (int k = 0; k < n; ++k) {
    scheme.attempt(x, t, q, h, next, square);
    for (std::size_t p = 0; p < 2; ++p) {
      scheme.accept(p, PackMask<double>(true));
      t[p] = (k + 1.0) / n;
    }
    x = next;
  }
  EXPECT_EQ(x[0][0][0], x[1][0][Pack<double>::lanes - 1]);
  return std::hypot(x[0][0][0] - std::sin(1), x[0][1][0] - std::cos(2));
}
template <class Field, int N, int P, std::size_t packs>
using Tsit5Lanes = detail::ExplicitLanes<Tsit5, Field, N, P, packs>;
template <class Field, int N, int P, std::size_t packs>
using Dop853Lanes = detail::ExplicitLanes<Dop853, Field, N, P, packs>;

template <template <class, int, int, std::size_t> class Scheme, class Method>
void expect_order(const Method& method, int n, double order, double within = 0.25) {
  const double coarse = error_after<Scheme>(moving, method, n);
  const double fine = error_after<Scheme>(moving, method, 2 * n);
  EXPECT_NEAR(std::log2(coarse / fine), order, within) << coarse << ", " << fine;
}

TEST(OdeLanes, HaveTheirOrdersOnFieldsThatDependOnTime) {
  expect_order<detail::RosenbrockLanes>(Rodas4{}, 32, 4);
  expect_order<detail::RosenbrockLanes>(Rodas4{}, 64, 4);
  expect_order<Tsit5Lanes>(Tsit5{}, 32, 5);
  expect_order<Dop853Lanes>(Dop853{}, 8, 8, 0.5);
}

TEST(LaneLu, SolvesWhereEveryLanePivotsItsOwnWay) {
  constexpr int n = 4;
  using Lu = detail::LaneLu<n>;
  Lu::Square a;
  detail::LaneState<n> b;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      // Zeros on the diagonal in lane 0: nothing goes without pivoting.
      a[i][j] = Pack<double>::generate([&](int lane) {
        return lane == 0 && i == j ? 0.0
                                   : std::sin(1.1 * double((i + 1) * (j + 2) * (j + 2)) + lane);
      });
    }
    b[static_cast<int>(i)] = Pack<double>::generate([&](int lane) { return i + 0.5 * lane; });
  }
  const auto x = Lu(a).solve(b);
  for (int lane = 0; lane < Pack<double>::lanes; ++lane) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += a[i][j][lane] * x[static_cast<int>(j)][lane];
      EXPECT_NEAR(sum, b[static_cast<int>(i)][lane], 1e-12);
    }
  }
}

const auto van_der_pol = [](const auto& x, const auto&, const auto& mu) {
  using X = std::decay_t<decltype(x)>;
  return X(x[1], mu[0] * ((1 - x[0] * x[0]) * x[1]) - x[0]);
};

// Reference: the test set for IVP solvers (Mazzia and Magherini), in unscaled time.
TEST(Rodas4, VanDerPolWithMu1000) {
  Lanes<2> start(2, 20);
  start.colwise() = Vector<double, 2>(2, 0);
  const Lanes<1> mu = Lanes<1>::Constant(1, 20, 1000);
  const auto run =
      solve_ode_lanes(van_der_pol, Rodas4{.rtol = 1e-8, .atol = 1e-10}, start, mu, 0.0, 2000.0);
  for (Eigen::Index k = 0; k < 20; ++k) {
    EXPECT_NEAR(run.x(0, k), 1.706167732170483, 3e-8);
    EXPECT_NEAR(run.x(1, k), -0.8928097010247975e-3, 3e-11);
  }
  EXPECT_LT(run.outcomes[0].step, 6000);  // stability would ask an explicit method for millions
}

TEST(Rodas4, AgreesWithAnExplicitMethodWhereNothingIsStiff) {
  Lanes<2> start(2, 5);
  start.colwise() = Vector<double, 2>(2, 0);
  Lanes<1> mu(1, 5);
  mu << 1, 2, 3, 4, 5;
  const auto run =
      solve_ode_lanes(van_der_pol, Rodas4{.rtol = 1e-9, .atol = 1e-9}, start, mu, 0.0, 20.0);
  const auto other =
      solve_ode_lanes(van_der_pol, Dop853{.rtol = 1e-12, .atol = 1e-12}, start, mu, 0.0, 20.0);
  for (Eigen::Index k = 0; k < 5; ++k) EXPECT_NEAR(run.x(0, k), other.x(0, k), 1e-6);
}

// Reference: the same test set for t = 1e11; for t = 40 the usual one in the literature.
TEST(Rodas4, RobertsonOverElevenDecades) {
  const auto robertson = [](const auto& x, const auto&) {
    using X = std::decay_t<decltype(x)>;
    const auto a = 0.04 * x[0], b = 1e4 * x[1] * x[2], c = 3e7 * x[1] * x[1];
    return X(b - a, a - b - c, c);
  };
  Lanes<3> start(3, 11);
  start.colwise() = Vector<double, 3>(1, 0, 0);
  const auto run = solve_ode_lanes(
      robertson, Rodas4{.rtol = 1e-8, .atol = 1e-16}, start, 0.0, 1e11, {.save_at = {40, 1e5}});
  for (Eigen::Index k = 0; k < 11; ++k) {
    ASSERT_TRUE(run.outcomes[static_cast<std::size_t>(k)].ok());
    EXPECT_NEAR(run.states[0](0, k), 0.7158270687193941, 1e-8);
    EXPECT_NEAR(run.states[0](1, k), 9.185534764557338e-6, 1e-12);
    EXPECT_NEAR(run.x(0, k) / 2.083340149701255e-8, 1, 1e-6);
    EXPECT_NEAR(run.x(1, k) / 8.333360770334713e-14, 1, 1e-6);
    EXPECT_NEAR(run.x.col(k).sum(), 1, 1e-10);
  }
  EXPECT_LT(run.outcomes[0].step, 2500);
}

TEST(Rodas4, TrajectoriesDoNotFeelTheirNeighbours) {
  Lanes<2> start(2, 41);
  Lanes<1> mu(1, 41);
  for (Eigen::Index k = 0; k < 41; ++k) {
    start.col(k) << 2 - 0.01 * static_cast<double>(k), 0;
    mu(0, k) = 1 + static_cast<double>(7 * k % 41);
  }
  const Rodas4 method;
  const auto all = solve_ode_lanes(van_der_pol, method, start, mu, 0.0, 50.0, {.save_at = {7}});
  for (Eigen::Index k : {0, 7, 40}) {
    const Lanes<2> x0 = start.col(k);
    const Lanes<1> own = mu.col(k);
    const auto alone =
        solve_ode_lanes(van_der_pol, method, x0, own, 0.0, 50.0, {.save_at = {7}, .threads = 1});
    EXPECT_TRUE((alone.x.col(0) == all.x.col(k)).all());
    EXPECT_TRUE((alone.states[0].col(0) == all.states[0].col(k)).all());
    EXPECT_EQ(alone.outcomes[0].step, all.outcomes[static_cast<std::size_t>(k)].step);
  }
}

}  // namespace
}  // namespace stochflow
