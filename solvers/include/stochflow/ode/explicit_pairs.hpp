#pragma once

// Explicit Runge-Kutta pairs as data: nodes c, stages a, and the weights e of an error estimate
// (those of the method minus those of its companion). The last row of a is the method's weights b;
// the last stage is evaluated at the new point and serves as the first of the next step. For use
// through solve_ode_lanes and solve_ode_batch, and on tensors through the diffusion layer; the
// digits are proved by the order conditions of all rooted trees (verify/rooted_trees.hpp).

#include <array>
#include <cstddef>
#include <string_view>

namespace stochflow {

template <std::size_t s>
struct ExplicitPair {
  static constexpr std::size_t stages = s;
  std::string_view name;
  int order;                               // of the method
  int error_order;                         // of its companion
  std::array<double, s> c{};               // nodes
  std::array<std::array<double, s>, s> a;  // strictly lower triangular
  std::array<double, s> e{};
  /// A second, cruder estimate that keeps the first one honest where that happens to vanish; zero:
  /// there is none. The error is then E^2 / sqrt(E^2 + 0.01 E_low^2).
  std::array<double, s> e_low{};

  constexpr const std::array<double, s>& b() const { return a[s - 1]; }
  constexpr bool has_low() const {
    for (const double weight : e_low) {
      if (weight != 0) return true;
    }
    return false;
  }
};

// clang-format off

/// Bogacki and Shampine 1989: order 3(2) in three evaluations a step.
inline constexpr ExplicitPair<4> bogacki_shampine_pair{
    .name = "bogacki-shampine32",
    .order = 3,
    .error_order = 2,
    .c = {0, 1.0/2, 3.0/4, 1},
    .a = {{{},
           {1.0/2},
           {0, 3.0/4},
           {2.0/9, 1.0/3, 4.0/9}}},
    .e = {2.0/9 - 7.0/24, 1.0/3 - 1.0/4, 4.0/9 - 1.0/3, -1.0/8}};

/// Dormand and Prince 1980: order 5(4) in six evaluations a step.
inline constexpr ExplicitPair<7> dormand_prince_54{
    .name = "dopri5",
    .order = 5,
    .error_order = 4,
    .c = {0, 1.0/5, 3.0/10, 4.0/5, 8.0/9, 1, 1},
    .a = {{{},
           {1.0/5},
           {3.0/40, 9.0/40},
           {44.0/45, -56.0/15, 32.0/9},
           {19372.0/6561, -25360.0/2187, 64448.0/6561, -212.0/729},
           {9017.0/3168, -355.0/33, 46732.0/5247, 49.0/176, -5103.0/18656},
           {35.0/384, 0, 500.0/1113, 125.0/192, -2187.0/6784, 11.0/84}}},
    .e = {71.0/57600, 0, -71.0/16695, 71.0/1920, -17253.0/339200, 22.0/525, -1.0/40}};

/// Tsitouras 2011, table 1: order 5(4) in six evaluations a step.
inline constexpr ExplicitPair<7> tsitouras_pair{
    .name = "tsit5",
    .order = 5,
    .error_order = 4,
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

/// Dormand and Prince's order 8 with companions of order 5 and 3, in twelve evaluations a step.
/// Hairer, Norsett and Wanner 1993, section II.5 (DOP853).
inline constexpr ExplicitPair<13> dormand_prince_853{
    .name = "dop853",
    .order = 8,
    .error_order = 5,
    .c = {0, 0.05260015195876773, 0.0789002279381516, 0.1183503419072274, 0.2816496580927726, 0.3333333333333333, 0.25, 0.3076923076923077, 0.6512820512820513, 0.6, 0.8571428571428571, 1, 1},
    .a = {{{},
           {0.05260015195876773},
           {0.0197250569845379, 0.0591751709536137},
           {0.02958758547680685, 0, 0.08876275643042054},
           {0.2413651341592667, 0, -0.8845494793282861, 0.924834003261792},
           {0.037037037037037035, 0, 0, 0.17082860872947386, 0.12546768756682242},
           {0.037109375, 0, 0, 0.17025221101954405, 0.06021653898045596, -0.017578125},
           {0.03709200011850479, 0, 0, 0.17038392571223998, 0.10726203044637328, -0.015319437748624402, 0.008273789163814023},
           {0.6241109587160757, 0, 0, -3.3608926294469414, -0.868219346841726, 27.59209969944671, 20.154067550477894, -43.48988418106996},
           {0.47766253643826434, 0, 0, -2.4881146199716677, -0.590290826836843, 21.230051448181193, 15.279233632882423, -33.28821096898486, -0.020331201708508627},
           {-0.9371424300859873, 0, 0, 5.186372428844064, 1.0914373489967295, -8.149787010746927, -18.52006565999696, 22.739487099350505, 2.4936055526796523, -3.0467644718982196},
           {2.273310147516538, 0, 0, -10.53449546673725, -2.0008720582248625, -17.9589318631188, 27.94888452941996, -2.8589982771350235, -8.87285693353063, 12.360567175794303, 0.6433927460157636},
           {0.054293734116568765, 0, 0, 0, 0, 4.450312892752409, 1.8915178993145003, -5.801203960010585, 0.3111643669578199, -0.1521609496625161, 0.20136540080403034, 0.04471061572777259}}},
    .e = {0.01312004499419488, 0, 0, 0, 0, -1.2251564463762044, -0.4957589496572502, 1.6643771824549864, -0.35032884874997366, 0.3341791187130175, 0.08192320648511571, -0.022355307863886294},
    .e_low = {-0.18980075407240762, 0, 0, 0, 0, 4.450312892752409, 1.8915178993145003, -5.801203960010585, -0.42268232132379197, -0.1521609496625161, 0.20136540080403034, 0.022651792198360825}};

// clang-format on

/// Weights of Tsitouras' interpolant of order 4: x(t + theta h) = x + h sum_i b_i(theta) k_i.
/// Source: Tsitouras 2011, section 4.
constexpr std::array<double, 7> tsitouras_weights(double theta) {
  const double u = theta, u2 = theta * theta;
  return {-1.0530884977290216 * u * (u - 1.3299890189751412) *
              (u2 - 1.4364028541716351 * u + 0.7139816917074209),
          0.1017 * u2 * (u2 - 2.1966568338249754 * u + 1.2949852507374631),
          2.490627285651252793 * u2 * (u2 - 2.38535645472061657 * u + 1.57803468208092486),
          -16.54810288924490272 * (u - 1.21712927295533244) * (u - 0.61620406037800089) * u2,
          47.37952196281928122 * (u - 1.203071208372362603) * (u - 0.658047292653547382) * u2,
          -34.87065786149660974 * (u - 1.2) * (u - 0.666666666666666667) * u2,
          2.5 * (u - 1) * (u - 0.6) * u2};
}

/// Weights of the interpolant of order 4 of dormand_prince_54.
/// Source: Hairer, Norsett and Wanner 1993, section II.6 (CONTD5).
constexpr std::array<double, 7> dormand_prince_weights(double theta) {
  constexpr std::array<double, 7> d{-12715105075.0 / 11282082432,
                                    0,
                                    87487479700.0 / 32700410799,
                                    -10690763975.0 / 1880347072,
                                    701980252875.0 / 199316789632,
                                    -1453857185.0 / 822651844,
                                    69997945.0 / 29380423};
  std::array<double, 7> w{};
  for (std::size_t i = 0; i < 7; ++i) {
    const double b = dormand_prince_54.b()[i];
    const double from_start = (i == 0 ? 1 : 0) - b, from_end = b - (i == 6 ? 1 : 0);
    const double cubic = from_end - from_start + (1 - theta) * d[i];
    w[i] = theta * (b + (1 - theta) * (from_start + theta * cubic));
  }
  return w;
}

/// Order 5 with dense output: the default for non-stiff equations at tolerances down to about 1e-8.
struct Tsit5 {
  static constexpr std::string_view name = "tsit5";
  static constexpr const auto& pair = tsitouras_pair;
  static constexpr bool interpolates = true;
  static constexpr std::array<double, 7> weights(double theta) { return tsitouras_weights(theta); }
  double rtol = 1e-6;
  double atol = 1e-6;
};

/// Order 8: for tolerances below about 1e-8. Steps end at save times.
struct Dop853 {
  static constexpr std::string_view name = "dop853";
  static constexpr const auto& pair = dormand_prince_853;
  static constexpr bool interpolates = false;
  double rtol = 1e-9;
  double atol = 1e-9;
};

}  // namespace stochflow
