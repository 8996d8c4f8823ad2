#pragma once

// A Rosenbrock pair as data: Hairer and Wanner's RODAS, stiffly accurate and L-stable, order 4 with
// an embedded order 3, six stages. For use through Rodas4 (lanes) and Rosenbrock4 (one system).
// Source: Hairer and Wanner 1996, section IV.7, in transformed variables: stage i solves
//   (1 / (gamma h) - J) u_i = f(x + sum_j a_ij u_j, t + c_i h) + sum_j k_ij u_j / h + h d_i f_t,
// with a_6 = a_5 + (0, 0, 0, 0, 1); the step ends at the argument of stage 6 plus u_6, which is
// also the estimate of the error.

#include <array>
#include <cstddef>

namespace stochflow {

struct RosenbrockPair {
  static constexpr std::size_t stages = 6;
  using Row = std::array<double, stages>;
  int order;
  double gamma;
  Row c{};  // nodes
  Row d{};  // of the derivative by time
  std::array<Row, stages> a{}, k{};
};

// clang-format off
inline constexpr RosenbrockPair rodas_pair{
    .order = 4,
    .gamma = 0.25,
    .c = {0, 0.386, 0.21, 0.63, 1, 1},
    .d = {0.25, -0.1043, 0.1035, -0.0362, 0, 0},
    .a = {{{},
           {1.544},
           {0.9466785280815826, 0.2557011698983284},
           {3.314825187068521, 2.896124015972201, 0.9986419139977817},
           {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895},
           {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 1}}},
    .k = {{{},
           {-5.6688},
           {-2.430093356833875, -0.2063599157091915},
           {-0.1073529058151375, -9.594562251023355, -20.47028614809616},
           {7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616},
           {8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054}}}};
// clang-format on

}  // namespace stochflow
