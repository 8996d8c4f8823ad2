// Prints a hash of everything that a few ensembles in lanes came to. Compiled for several
// instruction sets, it must print expected.txt for all of them, on every machine: what an ensemble
// says does not depend on how wide the registers are.
//
// No method or model here calls the mathematics library, whose bits are its own.

#include <bit>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/ito_taylor15.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/ri6.hpp"
#include "stochflow/methods/sri2.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"
#include "stochflow/noise/ars.hpp"

namespace {

using namespace stochflow;

/// FNV-1a over the bytes of doubles.
class Hash {
 public:
  void add(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    for (int byte = 0; byte < 8; ++byte) {
      state_ = (state_ ^ ((bits >> (8 * byte)) & 0xff)) * 0x100000001b3;
    }
  }
  unsigned long long value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325;
};

template <class Generator = Philox, class P, class M, class X>
void print(const char* what, const P& problem, const M& method, const X& x0) {
  // A full leaf, and one that does not fill its last pack.
  const auto result =
      simulate_lanes<Generator>(problem,
                                method,
                                x0,
                                uniform_grid(0, 1, 20),
                                {.trajectories = 301, .seed = 6, .keep_values = true});
  Hash hash;
  for (const auto& at_time : result.values) {
    for (const auto& trajectory : at_time) {
      for (const double x : trajectory) hash.add(x);
    }
  }
  for (const auto& at_time : result.moments) {
    for (const Moments& moments : at_time) {
      hash.add(moments.mean());
      hash.add(moments.variance());
    }
  }
  std::printf("%s %016llx\n", what, hash.value());
}

/// Three Brownian motions that do not commute: Levy areas, and products of matrices.
const auto general = ito<Noise::general>(
    []<class T>(const Vector<T, 2>& x, double t) { return Vector<T, 2>(x[1], t - x[0]); },
    []<class T>(const Vector<T, 2>& x, double) {
      Matrix<T, 2, 3> g;
      g << x[0], 0.5 * x[1], T(0.3), T(0.2), x[0] * x[1], 0.1 * x[0];
      return g;
    });

}  // namespace

int main() {
#if defined(__AVX512F__) && defined(__GNUC__)
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq")) return 77;
#elif defined(__AVX2__) && defined(__GNUC__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 77;
#endif
  const GeometricBrownianMotion gbm;
  const Vector<double, 3> lorenz(1, 2, 20);
  print("gbm Milstein double", gbm, Milstein{}, 1.0);
  print("gbm Milstein float", gbm, Milstein{}, 1.0F);
  print("gbm ItoTaylor15 double", gbm, ItoTaylor15{}, 1.0);
  print("gbm ItoTaylor15 float", gbm, ItoTaylor15{}, 1.0F);
  print("lorenz ItoTaylor15 double", StochasticLorenz{}, ItoTaylor15{}, lorenz);
  print("gbm SRIW1 double", gbm, SRIW1{}, Vector<double, 2>(1, 2));
  print("gbm RI6 double", gbm, RI6{}, 1.0);
  print<Ars>("gbm EulerMaruyama double, Ars", gbm, EulerMaruyama{}, 1.0);
  print("heston EulerMaruyama double", Heston{}, EulerMaruyama{}, Vector<double, 2>(0, 0.04));
  print("lorenz EulerMaruyama double", StochasticLorenz{}, EulerMaruyama{}, lorenz);
  print("lorenz EulerMaruyama float",
        StochasticLorenz{},
        EulerMaruyama{},
        Vector<float, 3>(1, 2, 20));
  print("general SRI2 double", general, SRI2{}, Vector<double, 2>(1, 0.5));
}
