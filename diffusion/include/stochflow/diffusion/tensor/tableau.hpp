#pragma once

// Explicit Runge-Kutta pairs as data: nodes c, stages a, weights b, and the weights e of the error
// estimate (those of the method minus those of its embedded companion). The last stage of each is
// evaluated at the new point and serves as first stage of the next step. Used by AdaptiveBatch;
// for single systems take Boost.Odeint's steppers. A mistyped digit does not compile: the order
// conditions are checked below.

#include <array>
#include <cstddef>
#include <string_view>

namespace stochflow::diffusion {

inline constexpr std::size_t max_stages = 7;

struct Tableau {
  std::string_view name;
  std::size_t stages;
  int order;  // of the method; that of its companion is one less
  std::array<double, max_stages> c;
  std::array<std::array<double, max_stages>, max_stages> a;  // the last row is b
  std::array<double, max_stages> e;
};

// clang-format off

/// Bogacki and Shampine 1989: order 3, three evaluations a step.
inline constexpr Tableau bogacki_shampine32{
    .name = "bogacki-shampine32",
    .stages = 4,
    .order = 3,
    .c = {0, 1.0/2, 3.0/4, 1},
    .a = {{{},
           {1.0/2},
           {0, 3.0/4},
           {2.0/9, 1.0/3, 4.0/9}}},
    .e = {2.0/9 - 7.0/24, 1.0/3 - 1.0/4, 4.0/9 - 1.0/3, -1.0/8}};

/// Dormand and Prince 1980: order 5, six evaluations a step.
inline constexpr Tableau dormand_prince54{
    .name = "dormand-prince54",
    .stages = 7,
    .order = 5,
    .c = {0, 1.0/5, 3.0/10, 4.0/5, 8.0/9, 1, 1},
    .a = {{{},
           {1.0/5},
           {3.0/40, 9.0/40},
           {44.0/45, -56.0/15, 32.0/9},
           {19372.0/6561, -25360.0/2187, 64448.0/6561, -212.0/729},
           {9017.0/3168, -355.0/33, 46732.0/5247, 49.0/176, -5103.0/18656},
           {35.0/384, 0, 500.0/1113, 125.0/192, -2187.0/6784, 11.0/84}}},
    .e = {71.0/57600, 0, -71.0/16695, 71.0/1920, -17253.0/339200, 22.0/525, -1.0/40}};

/// Tsitouras 2011, table 1: order 5, six evaluations a step, smaller error constants.
inline constexpr Tableau tsitouras54{
    .name = "tsitouras54",
    .stages = 7,
    .order = 5,
    .c = {0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1},
    .a = {{{},
           {0.161},
           {-0.008480655492356989, 0.335480655492357},
           {2.8971530571054935, -6.359448489975075, 4.3622954328695815},
           {5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525},
           {5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401,
            -0.028269050394068383},
           {0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742,
            -3.290069515436081, 2.324710524099774}}},
    .e = {-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995,
          -0.1447110071732629, 0.5823571654525552, -0.45808210592918697, 0.015151515151515152}};

// clang-format on

namespace detail {

/// The largest violation of the order conditions (rooted trees up to order 5) by weights w.
constexpr double order_violation(const Tableau& m, const std::array<double, max_stages>& w, int p) {
  double worst = 0;
  const auto check = [&](double found, double expected) {
    const double gap = found > expected ? found - expected : expected - found;
    worst = gap > worst ? gap : worst;
  };
  using Vector = std::array<double, max_stages>;
  const auto times = [](const Vector& x, const Vector& y) {
    Vector product{};
    for (std::size_t i = 0; i < max_stages; ++i) product[i] = x[i] * y[i];
    return product;
  };
  const auto under = [&](const Vector& x) {  // A x
    Vector sum{};
    for (std::size_t i = 0; i < m.stages; ++i) {
      for (std::size_t j = 0; j < i; ++j) sum[i] += m.a[i][j] * x[j];
    }
    return sum;
  };
  const auto weighed = [&](const Vector& x) {
    double sum = 0;
    for (std::size_t i = 0; i < m.stages; ++i) sum += w[i] * x[i];
    return sum;
  };
  Vector one{};
  for (std::size_t i = 0; i < m.stages; ++i) one[i] = 1;
  const Vector& c = m.c;
  const Vector row = under(one);
  for (std::size_t i = 0; i < m.stages; ++i) check(row[i], c[i]);
  const Vector cc = times(c, c), Ac = under(c), Acc = under(cc), AAc = under(Ac);
  check(weighed(one), 1);
  if (p >= 2) check(weighed(c), 1.0 / 2);
  if (p >= 3) {
    check(weighed(cc), 1.0 / 3);
    check(weighed(Ac), 1.0 / 6);
  }
  if (p >= 4) {
    check(weighed(times(cc, c)), 1.0 / 4);
    check(weighed(times(c, Ac)), 1.0 / 8);
    check(weighed(Acc), 1.0 / 12);
    check(weighed(AAc), 1.0 / 24);
  }
  if (p >= 5) {
    check(weighed(times(cc, cc)), 1.0 / 5);
    check(weighed(times(cc, Ac)), 1.0 / 10);
    check(weighed(times(c, Acc)), 1.0 / 15);
    check(weighed(times(c, AAc)), 1.0 / 30);
    check(weighed(times(Ac, Ac)), 1.0 / 20);
    check(weighed(under(times(cc, c))), 1.0 / 20);
    check(weighed(under(times(c, Ac))), 1.0 / 40);
    check(weighed(under(Acc)), 1.0 / 60);
    check(weighed(under(AAc)), 1.0 / 120);
  }
  return worst;
}

constexpr bool has_its_orders(const Tableau& m) {
  const auto& b = m.a[m.stages - 1];
  std::array<double, max_stages> companion{};
  for (std::size_t i = 0; i < m.stages; ++i) companion[i] = b[i] - m.e[i];
  return order_violation(m, b, m.order) < 2e-14 &&
         order_violation(m, companion, m.order - 1) < 2e-14;
}

static_assert(has_its_orders(bogacki_shampine32));
static_assert(has_its_orders(dormand_prince54));
static_assert(has_its_orders(tsitouras54));

}  // namespace detail
}  // namespace stochflow::diffusion
