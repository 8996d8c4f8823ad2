// An equation of one's own, with parameters, two components and correlated noise.
// [snippet]
#include <iostream>

#include "stochflow/methods/heun.hpp"
#include "stochflow/solve.hpp"
using namespace stochflow;

struct NoisyPendulum {  // a pendulum whose pivot shakes: angle and angular velocity
  static constexpr Calculus calculus = Calculus::stratonovich;
  static constexpr Noise noise = Noise::commutative;
  double damping = 0.2, horizontal = 0.3, vertical = 0.5;

  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double) const {
    using std::sin;
    return {x[1], -sin(x[0]) - damping * x[1]};
  }
  template <class T>
  Matrix<T, 2> diffusion(const Vector<T, 2>& x, double) const {
    using std::cos, std::sin;
    Matrix<T, 2> g;
    g << T(0), T(0), horizontal * cos(x[0]), vertical * sin(x[0]);
    return g;
  }
};

int main() {
  const Vector<double, 2> start(1.0, 0.0);
  const auto run = solve(NoisyPendulum{},
                         Heun{},
                         start,
                         uniform_grid(0, 10, 1000),
                         PathId{.seed = 1, .trajectory = 0},
                         {.save_at = {2.5, 5, 7.5, 10}});
  for (std::size_t k = 0; k < run.times.size(); ++k) {
    std::cout << "t = " << run.times[k] << "  angle " << run.states[k][0] << '\n';
  }
  std::cout << run.outcome.message() << '\n';
}
// [/snippet]
