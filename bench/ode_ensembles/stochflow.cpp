// This library, through its public interface and with equations written as a user writes them.

#include <numeric>

#include "question.hpp"
#include "stochflow/ode/lanes.hpp"
#include "stochflow/ode/rodas4.hpp"
#include "stochflow/ode/rosenbrock.hpp"
#include "stochflow/ode/steppers.hpp"

namespace ode_ensembles {
namespace {

using namespace stochflow;

const auto lorenz = [](const auto& x, const auto&) {
  using X = std::decay_t<decltype(x)>;
  return X(10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3 * x[2]);
};
const auto van_der_pol = [](const auto& x, const auto&, const auto& mu) {
  using X = std::decay_t<decltype(x)>;
  return X(x[1], mu[0] * ((1 - x[0] * x[0]) * x[1]) - x[0]);
};
const auto robertson = [](const auto& x, const auto&, const auto& rate) {
  using X = std::decay_t<decltype(x)>;
  const auto a = rate[0] * x[0], b = 1e4 * x[1] * x[2], c = 3e7 * x[1] * x[1];
  return X(b - a, a - b - c, c);
};

template <int N>
Lanes<N> starts(Question q) {
  const auto count = static_cast<Eigen::Index>(trajectories(q));
  Lanes<N> x(N, count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto x0 = start(q, static_cast<std::size_t>(k));
    for (int i = 0; i < N; ++i) x(i, k) = x0[static_cast<std::size_t>(i)];
  }
  return x;
}
Lanes<1> parameters(Question q) {
  const auto count = static_cast<Eigen::Index>(trajectories(q));
  Lanes<1> p(1, count);
  for (Eigen::Index k = 0; k < count; ++k) p(0, k) = parameter(q, static_cast<std::size_t>(k));
  return p;
}

template <int N>
Answer answer(const OdeBatchSolution<N>& run) {
  for (const Outcome& outcome : run.outcomes) {
    if (!outcome.ok()) return {};
  }
  const double sum = std::accumulate(run.evaluations.begin(), run.evaluations.end(), 0.0);
  return {{run.x.data(), run.x.data() + run.x.size()}, sum / static_cast<double>(run.x.cols())};
}

template <class Method>
Answer solve_lorenz(Question q, const Method& method, int threads) {
  if (q != Question::lorenz) return {};
  return answer(solve_ode_lanes(lorenz, method, starts<3>(q), 0.0, end(q), {.threads = threads}));
}
Answer solve_stiff(Question q, const Rodas4& method, int threads) {
  const OdeLanesOptions options{.max_steps = 10000000, .threads = threads};
  if (q == Question::van_der_pol) {
    return answer(
        solve_ode_lanes(van_der_pol, method, starts<2>(q), parameters(q), 0.0, end(q), options));
  }
  if (q == Question::robertson) {
    return answer(
        solve_ode_lanes(robertson, method, starts<3>(q), parameters(q), 0.0, end(q), options));
  }
  return {};
}

template <int N, class Field>
Answer one_by_one(Question q, const Field& field) {
  using X = Vector<double, N>;
  Answer result;
  const auto x0 = starts<N>(q);
  for (std::size_t k = 0; k < trajectories(q); ++k) {
    const X p = X::Constant(parameter(q, k));
    const auto with_parameter = [&](const auto& x, double t) { return field(x, t, p); };
    const X from = x0.col(static_cast<Eigen::Index>(k));
    const auto run =
        solve_ode(with_parameter, Rosenbrock4{.rtol = rtol(q), .atol = atol(q)}, from, 0.0, end(q));
    if (!run.outcome.ok()) return {};
    result.x.insert(result.x.end(), run.x.data(), run.x.data() + N);
    result.evaluations += static_cast<double>(run.evaluations);
  }
  result.evaluations /= static_cast<double>(trajectories(q));
  return result;
}

}  // namespace

Answer reference(Question q) {
  return q == Question::lorenz
             ? solve_lorenz(q, Dop853{.rtol = 1e-13, .atol = 1e-13}, 0)
             : solve_stiff(q, Rodas4{.rtol = 1e-5 * rtol(q), .atol = 1e-5 * atol(q)}, 0);
}
Answer stochflow_dopri5(Question q, bool) {
  return solve_lorenz(q, Dopri5{.rtol = rtol(q), .atol = atol(q)}, 1);
}
Answer stochflow_dopri5_two_threads(Question q, bool) {
  return solve_lorenz(q, Dopri5{.rtol = rtol(q), .atol = atol(q)}, 2);
}
Answer stochflow_tsit5(Question q, bool) {
  return solve_lorenz(q, Tsit5{.rtol = rtol(q), .atol = atol(q)}, 1);
}
Answer stochflow_dop853(Question q, bool) {
  return solve_lorenz(q, Dop853{.rtol = rtol(q), .atol = atol(q)}, 1);
}
Answer stochflow_rodas4(Question q, bool) {
  return solve_stiff(q, Rodas4{.rtol = rtol(q), .atol = atol(q)}, 1);
}
Answer stochflow_rodas4_two_threads(Question q, bool) {
  return solve_stiff(q, Rodas4{.rtol = rtol(q), .atol = atol(q)}, 2);
}
Answer stochflow_one_by_one(Question q, bool) {
  if (q == Question::van_der_pol) return one_by_one<2>(q, van_der_pol);
  if (q == Question::robertson) return one_by_one<3>(q, robertson);
  return {};
}

}  // namespace ode_ensembles
