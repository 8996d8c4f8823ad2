// Mean escape time from a double well against Kramers' formula.
// [snippet]
#include <iomanip>
#include <iostream>

#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/methods/sra1.hpp"
#include "stochflow/models/double_well.hpp"
#include "stochflow/solve.hpp"
using namespace stochflow;

int main() {  // dX = -U'(X) dt + sqrt(2 D) dW, U = (x^2 - 1)^2: a barrier of 1 between -1 and 1
  std::cout << "barrier/D   simulated        Kramers   ratio\n" << std::fixed;
  const auto grid = uniform_grid(0, 2000, 200000);
  const auto still_left = [](double x, double) { return x < 1; };  // false stops the run
  for (const double barrier : {2.0, 3.0, 4.0, 5.0}) {
    const DoubleWell well{.a = 4, .D = 1 / barrier};
    Moments time;
    for (std::uint64_t k = 0; k < 1000; ++k) {
      time.add(solve(well, SRA1{}, -1.0, grid, PathId{1, k}, {}, still_left).t);
    }
    std::cout << std::setprecision(0) << barrier << std::setprecision(2) << std::setw(17)
              << time.mean() << " +- " << time.mean_standard_error() << std::setw(10)
              << well.kramers_time() << std::setw(8) << time.mean() / well.kramers_time() << '\n';
  }
}
// [/snippet]
