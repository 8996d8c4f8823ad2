// The order conditions that the tableaus of Roessler's weak methods are asserted to satisfy when
// they compile: each coefficient off by 1 % violates one.

#include <gtest/gtest.h>

#include <vector>

#include "stochflow/methods/dri1.hpp"
#include "stochflow/methods/rdi1wm.hpp"
#include "stochflow/methods/rdi2wm.hpp"
#include "stochflow/methods/rdi3wm.hpp"
#include "stochflow/methods/rdi4wm.hpp"
#include "stochflow/methods/ri1.hpp"
#include "stochflow/methods/ri3.hpp"
#include "stochflow/methods/ri5.hpp"
#include "stochflow/methods/ri6.hpp"

namespace stochflow {
namespace {

template <std::size_t s>
std::vector<double*> coefficients(WeakItoTableau<s>& tableau) {
  std::vector<double*> all;
  for (auto* square : {&tableau.A0, &tableau.B0, &tableau.A1, &tableau.B1, &tableau.B2}) {
    for (auto& row : *square) {
      for (double& v : row) all.push_back(&v);
    }
  }
  for (auto* row : {&tableau.alpha, &tableau.b1, &tableau.b2, &tableau.b3, &tableau.b4}) {
    for (double& v : *row) all.push_back(&v);
  }
  return all;
}

template <class M>
void expect_every_coefficient_counts() {
  auto tableau = M::tableau;
  EXPECT_LT(tableau.residual(), 1e-14) << M::facts.name;
  int tried = 0;
  for (double* coefficient : coefficients(tableau)) {
    const double right = *coefficient;
    if (right == 0) continue;
    *coefficient = right * 1.01;
    EXPECT_GT(tableau.residual(), 1e-4) << M::facts.name << ", a coefficient " << right;
    *coefficient = right;
    ++tried;
  }
  EXPECT_GE(tried, 17) << M::facts.name;
}

TEST(WeakTableaus, EveryCoefficientCounts) {
  expect_every_coefficient_counts<RI1>();
  expect_every_coefficient_counts<RI3>();
  expect_every_coefficient_counts<RI5>();
  expect_every_coefficient_counts<RI6>();
  expect_every_coefficient_counts<DRI1>();
  expect_every_coefficient_counts<RDI2WM>();
  expect_every_coefficient_counts<RDI3WM>();
  expect_every_coefficient_counts<RDI4WM>();
}

TEST(WeakTableaus, OfWeakOrderOne) {
  EXPECT_LT(RDI1WM::tableau.residual_of_order_one(), 1e-15);
  EXPECT_GT(RDI1WM::tableau.residual(), 0.1);
}

}  // namespace
}  // namespace stochflow
