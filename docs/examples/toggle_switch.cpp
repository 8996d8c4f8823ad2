// Biology: two genes that repress each other.
// [snippet]
#include <iostream>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
using namespace stochflow;

// The chemical Langevin equation of a toggle switch: each protein is made at a rate that falls with
// the square of the other's number, and decays; every reaction brings its own noise.
struct ToggleSwitch {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::general;
  double rate = 50, threshold = 15;

  template <class T>
  T production(const T& other) const {
    return rate / (1 + other * other / (threshold * threshold));
  }
  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double) const {
    return {production(x[1]) - x[0], production(x[0]) - x[1]};
  }
  template <class T>
  Matrix<T, 2, 4> diffusion(const Vector<T, 2>& x, double) const {
    using std::sqrt;
    Matrix<T, 2, 4> g = Matrix<T, 2, 4>::Zero();
    g(0, 0) = sqrt(production(x[1]));
    g(0, 1) = sqrt(positive_part(x[0]));
    g(1, 2) = sqrt(production(x[0]));
    g(1, 3) = sqrt(positive_part(x[1]));
    return g;
  }
};

int main() {
  // From the middle, each cell decides for one of its genes.
  const auto cells = simulate(ToggleSwitch{},
                              EulerMaruyama{},
                              Vector<double, 2>(20.0, 20.0),
                              uniform_grid(0, 20, 2000),
                              {.trajectories = 2000, .seed = 1, .save_at = {1, 5, 20}},
                              [](const Vector<double, 2>& x) {
                                const double high = x.maxCoeff(), low = x.minCoeff();
                                return std::vector<double>{high > 2 * low ? 1.0 : 0.0, high, low};
                              });
  for (std::size_t k = 0; k < cells.times.size(); ++k) {
    const std::vector<Moments>& seen = cells.moments[k];
    std::cout << "t = " << cells.times[k] << ": " << 100 * seen[0].mean() << " % decided, proteins "
              << seen[1].mean() << " and " << seen[2].mean() << '\n';
  }
}
// [/snippet]
