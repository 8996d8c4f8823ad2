// Plain against annealed Langevin dynamics on two modes of unequal weight.
// [snippet]
#include <cmath>
#include <iomanip>
#include <iostream>
#include <random>

#include "stochflow/langevin/annealed.hpp"
using namespace stochflow;
using X = Vector<double, 2>;

// p = 1/5 N((-5, -5), I) + 4/5 N((5, 5), I), the example of Song and Ermon 2019, figure 3, and its
// score after a blur by N(0, sigma^2).
X score(const X& x, double sigma) {
  const double v = 1 + sigma * sigma;
  const double left = 0.2 * std::exp(-0.5 * (x + 5).square().sum() / v);
  const double right = 0.8 * std::exp(-0.5 * (x - 5).square().sum() / v);
  return (left * (-5 - x) + right * (5 - x)) / (v * (left + right));
}

int main() {
  std::vector<X> starts;  // uniform on the square that both modes lie in
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> uniform(-8, 8);
  for (int k = 0; k < 4000; ++k) {
    const double a = uniform(engine), b = uniform(engine);
    starts.push_back(X(a, b));
  }
  const auto report = [&](const char* name, const AnnealedOptions& options) {
    int right = 0;
    Moments inside;  // squared distance from the centre of its mode, over 2: should be 1
    for (const auto& sample : annealed_langevin(score, starts, options)) {
      const double side = sample.x.sum() > 0 ? 1 : -1;
      right += side > 0;
      inside.add(0.5 * (sample.x - 5 * side).square().sum());
    }
    const double weight = right / 4000.0;
    std::cout << name << "  weight " << weight << " +- " << std::sqrt(weight * (1 - weight) / 4000)
              << "  variance " << inside.mean() << " +- " << inside.mean_standard_error() << '\n';
  };
  std::cout << std::fixed << std::setprecision(3);
  // The same 1,000 steps and the same last step for both: plain dynamics is a ladder of one rung.
  report("plain   ", {.sigmas = {0.1}, .steps = 1000, .epsilon = 0.01, .seed = 1});
  report("annealed",
         {.sigmas = geometric_ladder(10, 0.1, 20), .steps = 50, .epsilon = 0.01, .seed = 1});
  std::cout << "exact     weight 0.800            variance 1.01\n";
}
// [/snippet]
