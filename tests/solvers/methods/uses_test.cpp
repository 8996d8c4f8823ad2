// Every method of the catalogue in every use that it is promised for: a trajectory has the same
// bits by `solve`, in an ensemble and inside odeint's integrate_n_steps.

#include <gtest/gtest.h>

#include <boost/numeric/odeint/integrate/integrate_n_steps.hpp>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/ode/sde_stepper.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow::verify {
namespace {

/// The most general of the problems that a method claims.
template <class M>
struct MostGeneral {
  static constexpr Calculus calculus = M::facts.solves_ito ? Calculus::ito : Calculus::stratonovich;
  template <class First, class... Rest>
  static auto choose(std::tuple<First, Rest...>) {
    if constexpr (provable<First, M>()) {
      return First{};
    } else {
      return choose(std::tuple<Rest...>{});
    }
  }
  using type = decltype(choose(std::tuple<ProveGeneral<calculus, 2>,
                                          ProveDiagonal<calculus>,
                                          ProveScalar<calculus>,
                                          ProveAdditive>{}));
};

TEST(EveryMethod, IsTheSameInEveryUse) {
  for_each_type<Methods>([](auto method) {
    using M = decltype(method);
    using P = typename MostGeneral<M>::type;
    SCOPED_TRACE(M::facts.name);
    constexpr int steps = 16;
    constexpr double t0 = P::t0, length = 0.25;
    const P problem;
    const auto x0 = P::x0();
    const PathId id{.seed = 3, .trajectory = 2};
    const auto grid = uniform_grid(t0, t0 + length, steps);

    const auto alone = solve(problem, method, x0, grid, id);
    ASSERT_TRUE(alone.outcome.ok()) << alone.outcome.message();
    EXPECT_EQ(alone.outcome.step, steps);

    const auto ensemble = simulate(
        problem, method, x0, grid, {.trajectories = 3, .seed = id.seed, .keep_values = true});
    ASSERT_EQ(ensemble.failures, 0);
    for (Eigen::Index i = 0; i < x0.size(); ++i) {
      EXPECT_EQ(ensemble.values.back()[static_cast<std::size_t>(i)][2], alone.x[i]) << i;
      EXPECT_NE(ensemble.values.back()[static_cast<std::size_t>(i)][1], alone.x[i]) << i;
    }

    // Odeint adds up the times; the grid's are rounded one by one, and so differ in the last bit.
    auto x = x0;
    boost::numeric::odeint::integrate_n_steps(odeint_stepper(method, problem, x, t0, id),
                                              std::cref(problem),
                                              x,
                                              t0,
                                              length / steps,
                                              steps);
    EXPECT_LT((x - alone.x).abs().maxCoeff(), 1e-13);
    EXPECT_GT((x - x0).abs().maxCoeff(), 1e-2);
  });
}

}  // namespace
}  // namespace stochflow::verify
