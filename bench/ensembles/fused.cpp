// The limit: for each equation one loop by hand, in AVX-512 intrinsics, with the library's
// generator (Philox4x32-10) and its counters, so that the very same trajectories come out. Random
// bits for a block of 256 trajectories first, two chains of multiplications side by side, then the
// Box-Muller map, then the step. Not for use: it has no save times, no statistics but a sum, no
// checks.
//
// And the limit of order 1.5, for geometric Brownian motion: the Ito-Taylor scheme with the
// derivatives known (Kloeden and Platen 1992, eq. (10.4.1)), once with the second normal of a step
// that any diagonal noise needs, once without it, as it cancels where drift and noise commute.

#include "question.hpp"

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>

#include <array>

// std::array of registers is what is meant; GCC remarks that it forgets their aliasing attribute.
#pragma GCC diagnostic ignored "-Wignored-attributes"

#include "stochflow/noise/philox.hpp"

namespace ensembles {
namespace {

using D = __m512d;
using W = __m512i;
constexpr int packs = 32;  // 256 trajectories

W word(std::uint64_t w) { return _mm512_set1_epi64(static_cast<long long>(w)); }
D number(double x) { return _mm512_set1_pd(x); }

/// Horner in two chains, as the library evaluates its polynomials.
template <std::size_t n>
D polynomial(const std::array<double, n>& c, D x) {
  const D x2 = _mm512_mul_pd(x, x);
  constexpr std::size_t last = n - 1, e = last - last % 2, o = last - 1 + last % 2;
  D even = number(c[e]), odd = number(c[o]);
#pragma GCC unroll 8
  for (std::size_t k = e; k >= 2; k -= 2) even = _mm512_fmadd_pd(even, x2, number(c[k - 2]));
#pragma GCC unroll 8
  for (std::size_t k = o; k >= 2; k -= 2) odd = _mm512_fmadd_pd(odd, x2, number(c[k - 2]));
  return _mm512_fmadd_pd(odd, x, even);
}

struct Generator {
  std::array<std::uint32_t, 2> key;
  std::uint64_t first = 0;
  std::array<std::array<W, 2>, packs> bits;

  explicit Generator(std::uint64_t seed,
                     stochflow::Purpose purpose = stochflow::Purpose::increments) {
    const auto derived = stochflow::philox4x32(
        {static_cast<std::uint32_t>(purpose), 0, 0x53746f63, 0x68666c77},
        {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    key = {derived[0], derived[1]};
  }

  /// Pairs of normals of draw `index`, lane `lane`, for every pack.
  void draw(std::uint64_t index, std::uint32_t lane, std::array<std::array<D, 2>, packs>& out) {
    const W m0 = word(0xD2511F53), m1 = word(0xCD9E8D57);
    const W lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    for (int p = 0; p < packs; p += 2) {
      std::array<W, 2> c0, c1, c2, c3;
      for (int k = 0; k < 2; ++k) {
        c0[k] = _mm512_add_epi64(word(first + 8 * static_cast<std::uint64_t>(p + k)), lanes);
        c1[k] = _mm512_srli_epi64(c0[k], 32);
        c2[k] = word(index);
        c3[k] = word(lane);
      }
      std::uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
      for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 2
        for (int k = 0; k < 2; ++k) {
          const W p0 = _mm512_mul_epu32(c0[k], m0), p1 = _mm512_mul_epu32(c2[k], m1);
          c0[k] = _mm512_xor_si512(_mm512_xor_si512(upper_half(p1), c1[k]), word(k0));
          c2[k] = _mm512_xor_si512(_mm512_xor_si512(upper_half(p0), c3[k]), word(k1));
          c1[k] = p1;
          c3[k] = p0;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
      }
      for (int k = 0; k < 2; ++k) {
        bits[p + k][0] = _mm512_mask_shuffle_epi32(c0[k], 0xAAAA, c1[k], _MM_PERM_ENUM(0xA0));
        bits[p + k][1] = _mm512_mask_shuffle_epi32(c2[k], 0xAAAA, c3[k], _MM_PERM_ENUM(0xA0));
      }
    }
    // The division of one pack, the root of the one before, the rest of the one before that.
    auto begun = begin(bits[0][0]);
    D r = radius(begun);
    begun = begin(bits[1][0]);
    for (int p = 0; p < packs; ++p) {
      const auto later = begin(bits[p + 2 < packs ? p + 2 : p][0]);
      const D next = radius(begun);
      const auto [cosine, sine] = turn(bits[p][1]);
      out[p] = {_mm512_mul_pd(r, cosine), _mm512_mul_pd(r, sine)};
      r = next;
      begun = later;
    }
  }

  static W upper_half(W a) { return _mm512_shuffle_epi32(a, _MM_PERM_ENUM(0xF5)); }

  /// The exponent of a uniform, and (m - 1) / (m + 1) of its mantissa m.
  static std::array<D, 2> begin(W bits) {
    const W one_to_two = _mm512_or_si512(_mm512_srli_epi64(bits, 12), word(1023ull << 52));
    const D u = _mm512_sub_pd(_mm512_castsi512_pd(one_to_two), number(1 - 0x1p-53));
    const W root_half = word(0x3FE6A09E667F3BCD);
    const W shifted = _mm512_sub_epi64(_mm512_castpd_si512(u), root_half);
    const D m = _mm512_castsi512_pd(
        _mm512_add_epi64(_mm512_and_si512(shifted, word(0x000FFFFFFFFFFFFF)), root_half));
    return {_mm512_cvtepi64_pd(_mm512_srai_epi64(shifted, 52)),
            _mm512_div_pd(_mm512_sub_pd(m, number(1)), _mm512_add_pd(m, number(1)))};
  }

  /// sqrt(-2 log u)
  static D radius(const std::array<D, 2>& begun) {
    const auto [exponent, s] = begun;
    const D z = _mm512_mul_pd(s, s);
    constexpr std::array<double, 7> artanh{-2 * 6.666666666666735130e-01,
                                           -2 * 3.999999999940941908e-01,
                                           -2 * 2.857142874366239149e-01,
                                           -2 * 2.222219843214978396e-01,
                                           -2 * 1.818357216161805012e-01,
                                           -2 * 1.531383769920937332e-01,
                                           -2 * 1.479819860511658591e-01};
    const D log_m =
        _mm512_fmadd_pd(_mm512_mul_pd(s, z), polynomial(artanh, z), _mm512_mul_pd(number(-4), s));
    return _mm512_sqrt_pd(
        _mm512_fmadd_pd(exponent,
                        number(-2 * 6.93147180369123816490e-01),
                        _mm512_fmadd_pd(exponent, number(-2 * 1.90821492927058770002e-10), log_m)));
  }

  static std::array<D, 2> turn(W bits) {
    const D v = _mm512_mul_pd(_mm512_cvtepu64_pd(_mm512_srli_epi64(bits, 11)), number(0x1p-53));
    const D shifted = _mm512_fmadd_pd(number(4), v, number(0x1.8p52));
    const D quarter = _mm512_sub_pd(shifted, number(0x1.8p52));
    const D x =
        _mm512_mul_pd(_mm512_fmsub_pd(number(4), v, quarter), number(1.57079632679489661923));
    const D z = _mm512_mul_pd(x, x);
    constexpr std::array<double, 6> sine_terms{-1.66666666666666324348e-01,
                                               8.33333333332248946124e-03,
                                               -1.98412698298579493134e-04,
                                               2.75573137070700676789e-06,
                                               -2.50507602534068634195e-08,
                                               1.58969099521155010221e-10};
    constexpr std::array<double, 6> cosine_terms{4.16666666666666019037e-02,
                                                 -1.38888888888741095749e-03,
                                                 2.48015872894767294178e-05,
                                                 -2.75573143513906633035e-07,
                                                 2.08757232129817482790e-09,
                                                 -1.13596475577881948265e-11};
    const D sine = _mm512_fmadd_pd(_mm512_mul_pd(x, z), polynomial(sine_terms, z), x);
    const D cosine = _mm512_fmadd_pd(_mm512_mul_pd(z, z),
                                     polynomial(cosine_terms, z),
                                     _mm512_fmadd_pd(number(-0.5), z, number(1)));
    const W q = _mm512_castpd_si512(shifted), next = _mm512_add_epi64(q, word(1));
    const __mmask8 odd = _mm512_test_epi64_mask(q, word(1));
    const W top = word(1ull << 63);
    const auto signed_by = [top](D a, W quarters) {
      const W sign = _mm512_and_si512(_mm512_slli_epi64(quarters, 62), top);
      return _mm512_castsi512_pd(_mm512_xor_si512(_mm512_castpd_si512(a), sign));
    };
    return {signed_by(_mm512_mask_blend_pd(odd, cosine, sine), next),
            signed_by(_mm512_mask_blend_pd(odd, sine, cosine), q)};
  }
};

using Row = std::array<std::array<D, 2>, packs>;

double scalar_noise(bool is_gbm, std::uint64_t seed, std::int64_t paths) {
  Generator generator(seed);
  Row z;
  const D root_h = number(std::sqrt(h)), hh = number(h);
  double sum = 0;
  for (std::int64_t first = 0; first < paths; first += 8 * packs) {
    generator.first = static_cast<std::uint64_t>(first);
    std::array<D, packs> x;
    x.fill(number(1));
    for (int n = 0; n < steps; n += 2) {
      generator.draw(static_cast<std::uint64_t>(n), 0, z);
      for (int p = 0; p < packs; ++p) {
        for (int k = 0; k < 2; ++k) {
          const D dW = _mm512_mul_pd(root_h, z[p][k]);
          if (is_gbm) {
            const D drift = _mm512_mul_pd(hh, _mm512_mul_pd(number(mu), x[p]));
            const D noise = _mm512_mul_pd(_mm512_mul_pd(number(sigma), x[p]), dW);
            x[p] = _mm512_add_pd(_mm512_add_pd(x[p], drift), noise);
          } else {
            const D f = _mm512_mul_pd(number(theta), _mm512_sub_pd(number(level), x[p]));
            x[p] = _mm512_add_pd(_mm512_add_pd(x[p], _mm512_mul_pd(hh, f)),
                                 _mm512_mul_pd(number(volatility), dW));
          }
        }
      }
    }
    for (const D& end : x) sum += _mm512_reduce_add_pd(end);
  }
  return sum / static_cast<double>(paths);
}

/// Geometric Brownian motion at order 1.5.
template <bool commuting>
double taylor(std::uint64_t seed, std::int64_t paths) {
  Generator generator(seed), second(seed, stochflow::Purpose::space_time_area);
  Row z, z2;
  const D root_h = number(std::sqrt(h)), root_h12 = number(std::sqrt(h / 12)), hh = number(h);
  const D a1 = number(mu), b1 = number(sigma), half = number(0.5), third = number(1.0 / 3);
  double sum = 0;
  for (std::int64_t first = 0; first < paths; first += 8 * packs) {
    generator.first = second.first = static_cast<std::uint64_t>(first);
    std::array<D, packs> x;
    x.fill(number(1));
    for (int n = 0; n < steps; n += 2) {
      generator.draw(static_cast<std::uint64_t>(n), 0, z);
      if (!commuting) second.draw(static_cast<std::uint64_t>(n), 0, z2);
      for (int p = 0; p < packs; ++p) {
        for (int k = 0; k < 2; ++k) {
          const D dW = _mm512_mul_pd(root_h, z[p][k]), dW2 = _mm512_mul_pd(dW, dW);
          const D a = _mm512_mul_pd(a1, x[p]), b = _mm512_mul_pd(b1, x[p]);
          // x + a h + b dW + a a' h^2/2 + b b' (dW^2 - h)/2 + b b'^2 (dW^2/3 - h) dW/2, and
          // b a' dZ + a b' (h dW - dZ), or, where b a' = a b', b a' h dW
          const D ab = _mm512_mul_pd(a1, b), ba = _mm512_mul_pd(b1, a), bb = _mm512_mul_pd(b1, b);
          D next = _mm512_fmadd_pd(
              _mm512_fmadd_pd(_mm512_mul_pd(half, a1), _mm512_mul_pd(a, hh), a), hh, x[p]);
          next = _mm512_fmadd_pd(_mm512_mul_pd(half, bb), _mm512_sub_pd(dW2, hh), next);
          D by_dW = _mm512_fmadd_pd(
              _mm512_mul_pd(_mm512_mul_pd(half, b1), bb), _mm512_fmsub_pd(dW2, third, hh), b);
          by_dW = _mm512_fmadd_pd(ba, hh, by_dW);
          next = _mm512_fmadd_pd(by_dW, dW, next);
          if (!commuting) {
            const D H = _mm512_mul_pd(root_h12, z2[p][k]);
            const D dZ = _mm512_mul_pd(hh, _mm512_fmadd_pd(half, dW, H));
            next = _mm512_fmadd_pd(_mm512_sub_pd(ab, ba), dZ, next);
          }
          x[p] = next;
        }
      }
    }
    for (const D& end : x) sum += _mm512_reduce_add_pd(end);
  }
  return sum / static_cast<double>(paths);
}

double heston(std::uint64_t seed, std::int64_t paths) {
  Generator generator(seed);
  Row z;
  const D root_h = number(std::sqrt(h)), hh = number(h), zero = number(0);
  const D g10 = number(xi * rho), g11 = number(xi * rho_bar);
  double sum = 0;
  for (std::int64_t first = 0; first < paths; first += 8 * packs) {
    generator.first = static_cast<std::uint64_t>(first);
    std::array<D, packs> x, v;
    x.fill(zero);
    v.fill(number(v_mean));
    for (int n = 0; n < steps; ++n) {
      generator.draw(static_cast<std::uint64_t>(n), 0, z);
      for (int p = 0; p < packs; ++p) {
        const D vp = _mm512_max_pd(v[p], zero);
        const D root = _mm512_sqrt_pd(vp);
        const D W1 = _mm512_mul_pd(root_h, z[p][0]), W2 = _mm512_mul_pd(root_h, z[p][1]);
        const D fx = _mm512_sub_pd(number(r), _mm512_mul_pd(number(0.5), vp));
        const D fv = _mm512_mul_pd(number(kappa), _mm512_sub_pd(number(v_mean), vp));
        x[p] = _mm512_add_pd(_mm512_add_pd(x[p], _mm512_mul_pd(hh, fx)), _mm512_mul_pd(root, W1));
        const D noise = _mm512_add_pd(_mm512_mul_pd(_mm512_mul_pd(g10, root), W1),
                                      _mm512_mul_pd(_mm512_mul_pd(g11, root), W2));
        v[p] = _mm512_add_pd(_mm512_add_pd(v[p], _mm512_mul_pd(hh, fv)), noise);
      }
    }
    for (const D& end : x) sum += _mm512_reduce_add_pd(end);
  }
  return sum / static_cast<double>(paths);
}

double lorenz(std::uint64_t seed, std::int64_t paths) {
  Generator generator(seed);
  Row first_two, third;
  const D root_h = number(std::sqrt(h)), hh = number(h), c = number(lc);
  double sum = 0;
  for (std::int64_t first = 0; first < paths; first += 8 * packs) {
    generator.first = static_cast<std::uint64_t>(first);
    std::array<D, packs> x, y, w;
    x.fill(number(1));
    y.fill(number(1));
    w.fill(number(1));
    for (int n = 0; n < steps; ++n) {
      generator.draw(static_cast<std::uint64_t>(n), 0, first_two);
      if (n % 2 == 0) generator.draw(static_cast<std::uint64_t>(n), 1, third);
      for (int p = 0; p < packs; ++p) {
        const auto noise = [&](D z) { return _mm512_mul_pd(c, _mm512_mul_pd(root_h, z)); };
        const auto step = [&](D at, D f, D z) {
          return _mm512_add_pd(_mm512_add_pd(at, _mm512_mul_pd(hh, f)), noise(z));
        };
        const D fx = _mm512_mul_pd(number(ls), _mm512_sub_pd(y[p], x[p]));
        const D fy = _mm512_sub_pd(_mm512_mul_pd(x[p], _mm512_sub_pd(number(lr), w[p])), y[p]);
        const D fw = _mm512_sub_pd(_mm512_mul_pd(x[p], y[p]), _mm512_mul_pd(number(lb), w[p]));
        x[p] = step(x[p], fx, first_two[p][0]);
        y[p] = step(y[p], fy, first_two[p][1]);
        w[p] = step(w[p], fw, third[p][n % 2]);
      }
    }
    for (const D& end : x) sum += _mm512_reduce_add_pd(end);
  }
  return sum / static_cast<double>(paths);
}

}  // namespace

double fused(Equation equation, std::uint64_t seed, std::int64_t paths) {
  switch (equation) {
    case Equation::gbm:
      return scalar_noise(true, seed, paths);
    case Equation::ou:
      return scalar_noise(false, seed, paths);
    case Equation::heston:
      return heston(seed, paths);
    case Equation::lorenz:
      return lorenz(seed, paths);
  }
  return not_done;
}

double fused_taylor(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return equation == Equation::gbm ? taylor<false>(seed, paths) : not_done;
}
double fused_taylor_commuting(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return equation == Equation::gbm ? taylor<true>(seed, paths) : not_done;
}

}  // namespace ensembles

#else

namespace ensembles {
double fused(Equation, std::uint64_t, std::int64_t) { return not_done; }
double fused_taylor(Equation, std::uint64_t, std::int64_t) { return not_done; }
double fused_taylor_commuting(Equation, std::uint64_t, std::int64_t) { return not_done; }
}  // namespace ensembles

#endif
