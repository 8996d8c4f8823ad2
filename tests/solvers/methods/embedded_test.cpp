// The methods inside the error estimates: order 1 in the strong sense, proved.

#include <gtest/gtest.h>

#include "stochflow/methods/sosra.hpp"
#include "stochflow/methods/sosra2.hpp"
#include "stochflow/methods/sosri.hpp"
#include "stochflow/methods/sosri2.hpp"
#include "stochflow/methods/sra1.hpp"
#include "stochflow/methods/sra2.hpp"
#include "stochflow/methods/sra3.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/methods/sriw2.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow {
namespace {

/// The result less its error estimate.
template <class M>
struct Embedded {
  static constexpr MethodFacts facts{
      .name = M::facts.name,
      .reference = M::facts.reference,
      .solves_ito = true,
      .strong = {.additive = 1,
                 .scalar = M::facts.strong[Noise::scalar] > 0 ? 1.0 : 0.0,
                 .diagonal = M::facts.strong[Noise::diagonal] > 0 ? 1.0 : 0.0},
      .weak = {},
      .drift_evaluations = M::facts.drift_evaluations,
      .diffusion_evaluations = M::facts.diffusion_evaluations,
      .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    const auto whole = M{}.step_with_error(sde, x, t, h, dB);
    return whole.x - whole.error;
  }
};

template <Noise N, class M>
void expect_order_one(const M&) {
  const auto rows = verify::prove_all<N>(Embedded<M>{});
  EXPECT_FALSE(rows.empty());
  for (const verify::ProofRow& row : rows) {
    EXPECT_TRUE(row.holds) << row.method << " on " << row.problem << ": " << row.weakest;
    // An estimate of the method's own order would be no estimate.
    EXPECT_LT(row.strong_proved, 1.4) << row.method << " on " << row.problem;
  }
}

TEST(EmbeddedMethods, OfSriHaveOrderOne) {
  expect_order_one<Noise::diagonal>(SRIW1{});
  expect_order_one<Noise::diagonal>(SRIW2{});
  expect_order_one<Noise::diagonal>(SOSRI{});
  expect_order_one<Noise::diagonal>(SOSRI2{});
  expect_order_one<Noise::scalar>(SRIW1{});
  expect_order_one<Noise::scalar>(SOSRI{});
}

TEST(EmbeddedMethods, OfSraHaveOrderOne) {
  expect_order_one<Noise::additive>(SRA1{});
  expect_order_one<Noise::additive>(SRA2{});
  expect_order_one<Noise::additive>(SRA3{});
  expect_order_one<Noise::additive>(SOSRA{});
  expect_order_one<Noise::additive>(SOSRA2{});
}

}  // namespace
}  // namespace stochflow
