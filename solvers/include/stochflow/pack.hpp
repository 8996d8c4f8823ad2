#pragma once

// A SIMD pack: one number in each of several trajectories, as wide as the registers of the
// processor that the file is compiled for. It is a scalar type like `double` or `Dual`, so the text
// of a drift written once runs on it: `Pack<double>` for scalar equations,
// `Eigen::Array<Pack<double>, N, 1>` for systems (structure of arrays). What a pack cannot do is
// branch: instead of `a > b ? p : q` write `select(a > b, p, q)`, which doubles understand too.
//
// Built on std::experimental::simd. Arithmetic, sqrt, floor and fma give each lane the bits that
// the scalar operation gives; exp, log and the trigonometric functions call the scalar function
// lane by lane for the same reason.

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <experimental/simd>
#include <type_traits>

#if defined(__AVX512F__) || defined(__FMA__)
#include <immintrin.h>
#endif

#include "stochflow/number.hpp"

#if defined(__AVX__) && !defined(__AVX2__)
#error \
    "stochflow/pack.hpp: AVX without AVX2 has registers for 4 doubles but not for 4 integers: \
compile with -mavx2 -mfma, or without -mavx"
#endif

namespace stochflow {

/// Which lanes a comparison holds in.
template <class T>
class PackMask {
 public:
  using Simd = std::experimental::native_simd_mask<T>;

  PackMask() = default;
  explicit PackMask(bool everywhere) : lanes_(everywhere) {}
  PackMask(Simd lanes) : lanes_(lanes) {}  // NOLINT: the same thing in the library's own words

  bool operator[](int lane) const { return lanes_[static_cast<std::size_t>(lane)]; }
  const Simd& simd() const { return lanes_; }

  PackMask operator!() const { return !lanes_; }
  friend PackMask operator&&(PackMask a, PackMask b) { return a.lanes_ && b.lanes_; }
  friend PackMask operator||(PackMask a, PackMask b) { return a.lanes_ || b.lanes_; }
  friend bool any_of(PackMask m) { return std::experimental::any_of(m.lanes_); }
  friend bool all_of(PackMask m) { return std::experimental::all_of(m.lanes_); }

 private:
  Simd lanes_{};
};

inline bool any_of(bool m) { return m; }
inline bool all_of(bool m) { return m; }

/// T is double or float.
template <std::floating_point T>
class Pack {
 public:
  using Simd = std::experimental::native_simd<T>;
  using Mask = PackMask<T>;
  static constexpr int lanes = static_cast<int>(Simd::size());

  Pack() = default;  // not initialised; Pack{} is zero
  // Copied as a register, not as bytes: GCC moves the bytes of an array of packs 16 at a time where
  // registers have 32, and the processor then waits for them (three times the time of Heston's
  // step).
  Pack(const Pack& other) : value_(other.value_) {}
  Pack& operator=(const Pack& other) {
    value_ = other.value_;
    return *this;
  }
  template <class A>
  requires std::is_arithmetic_v<A> Pack(A everywhere)  // NOLINT: a constant is a pack
      : value_(static_cast<T>(everywhere)) {}
  Pack(Simd value) : value_(value) {}  // NOLINT: the same thing in the library's own words

  /// From `lanes` consecutive numbers, and back.
  static Pack load(const T* from) { return Simd(from, std::experimental::element_aligned); }
  void store(T* to) const { value_.copy_to(to, std::experimental::element_aligned); }
  /// f(0), f(1), ... in the lanes.
  template <class F>
  static Pack generate(const F& f) {
    return Simd([&](auto lane) { return static_cast<T>(f(static_cast<int>(lane))); });
  }

  T operator[](int lane) const { return value_[static_cast<std::size_t>(lane)]; }
  void set(int lane, T to) { value_[static_cast<std::size_t>(lane)] = to; }
  const Simd& simd() const { return value_; }

  Pack operator-() const { return -value_; }
  Pack operator+() const { return *this; }
  Pack& operator+=(const Pack& b) { return *this = *this + b; }
  Pack& operator-=(const Pack& b) { return *this = *this - b; }
  Pack& operator*=(const Pack& b) { return *this = *this * b; }
  Pack& operator/=(const Pack& b) { return *this = *this / b; }
  friend Pack operator+(const Pack& a, const Pack& b) { return a.value_ + b.value_; }
  friend Pack operator-(const Pack& a, const Pack& b) { return a.value_ - b.value_; }
  friend Pack operator*(const Pack& a, const Pack& b) { return a.value_ * b.value_; }
  friend Pack operator/(const Pack& a, const Pack& b) { return a.value_ / b.value_; }

  friend Mask operator<(const Pack& a, const Pack& b) { return a.value_ < b.value_; }
  friend Mask operator>(const Pack& a, const Pack& b) { return a.value_ > b.value_; }
  friend Mask operator<=(const Pack& a, const Pack& b) { return a.value_ <= b.value_; }
  friend Mask operator>=(const Pack& a, const Pack& b) { return a.value_ >= b.value_; }
  friend Mask operator==(const Pack& a, const Pack& b) { return a.value_ == b.value_; }
  friend Mask operator!=(const Pack& a, const Pack& b) { return a.value_ != b.value_; }

 private:
  Simd value_;
};

template <class T>
inline constexpr bool is_number<Pack<T>> = true;

/// a where `mask` holds, b elsewhere.
template <class T>
Pack<T> select(const PackMask<T>& mask,
               const std::type_identity_t<Pack<T>>& a,
               const std::type_identity_t<Pack<T>>& b) {
#if defined(__clang__) && defined(__AVX512F__)
  // The library's blend is wrong here (Clang 14 with libstdc++ 12).
  return Pack<T>::generate([&](int k) { return mask[k] ? a[k] : b[k]; });
#else
  typename Pack<T>::Simd result = b.simd();
  std::experimental::where(mask.simd(), result) = a.simd();
  return result;
#endif
}

// std::experimental::fma may call the scalar function lane by lane, hence intrinsics; and where
// there are intrinsics with a mask of zeros, GCC 12 does not warn of its own headers (GCC bug
// 105593).
namespace detail {
#if defined(__AVX512F__)
inline auto fused(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
inline auto fused(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
inline auto root_of(__m512d a) { return _mm512_maskz_sqrt_pd(0xFF, a); }
inline auto root_of(__m512 a) { return _mm512_maskz_sqrt_ps(0xFFFF, a); }
inline auto floor_of(__m512d a) {
  return _mm512_maskz_roundscale_pd(0xFF, a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
inline auto floor_of(__m512 a) {
  return _mm512_maskz_roundscale_ps(0xFFFF, a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
inline __m512d to_register(Pack<double> a) { return static_cast<__m512d>(a.simd()); }
inline __m512 to_register(Pack<float> a) { return static_cast<__m512>(a.simd()); }
#elif defined(__FMA__)
inline auto fused(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
inline auto fused(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
inline __m256d to_register(Pack<double> a) { return static_cast<__m256d>(a.simd()); }
inline __m256 to_register(Pack<float> a) { return static_cast<__m256>(a.simd()); }
#endif
}  // namespace detail

template <class T>
Pack<T> sqrt(const Pack<T>& a) {
#if defined(__AVX512F__)
  return typename Pack<T>::Simd(detail::root_of(detail::to_register(a)));
#else
  return std::experimental::sqrt(a.simd());
#endif
}
template <class T>
Pack<T> floor(const Pack<T>& a) {
#if defined(__AVX512F__)
  return typename Pack<T>::Simd(detail::floor_of(detail::to_register(a)));
#else
  return std::experimental::floor(a.simd());
#endif
}
template <class T>
Pack<T> abs(const Pack<T>& a) {
  return std::experimental::abs(a.simd());
}
template <class T>
Pack<T> fabs(const Pack<T>& a) {
  return abs(a);
}
template <class T>
Pack<T> abs2(const Pack<T>& a) {
  return a * a;
}
/// a b + c, rounded once.
template <class T>
Pack<T> fma(const Pack<T>& a,
            const std::type_identity_t<Pack<T>>& b,
            const std::type_identity_t<Pack<T>>& c) {
#if defined(__AVX512F__) || defined(__FMA__)
  using detail::to_register;
  return typename Pack<T>::Simd(detail::fused(to_register(a), to_register(b), to_register(c)));
#else
  return Pack<T>::generate([&](int k) { return std::fma(a[k], b[k], c[k]); });
#endif
}
/// As std::min and std::max take them: the first argument where the two compare equal.
template <class T>
Pack<T> min(const Pack<T>& a, const std::type_identity_t<Pack<T>>& b) {
  return select(b < a, b, a);
}
template <class T>
Pack<T> max(const Pack<T>& a, const std::type_identity_t<Pack<T>>& b) {
  return select(a < b, b, a);
}
template <class T>
Pack<T> positive_part(const Pack<T>& x) {
  return select(x > Pack<T>(0), x, Pack<T>(0));
}
/// Whether the number is finite, lane by lane.
template <class T>
PackMask<T> isfinite(const Pack<T>& a) {
  return (a - a) == Pack<T>(0);
}

namespace detail {
template <class T, class F>
Pack<T> lane_by_lane(const Pack<T>& a, const F& f) {
  return Pack<T>::generate([&](int k) { return f(a[k]); });
}
}  // namespace detail

template <class T>
Pack<T> exp(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::exp(v); });
}
template <class T>
Pack<T> expm1(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::expm1(v); });
}
template <class T>
Pack<T> log(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::log(v); });
}
template <class T>
Pack<T> log1p(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::log1p(v); });
}
template <class T>
Pack<T> sin(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::sin(v); });
}
template <class T>
Pack<T> cos(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::cos(v); });
}
template <class T>
Pack<T> tan(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::tan(v); });
}
template <class T>
Pack<T> tanh(const Pack<T>& a) {
  return detail::lane_by_lane(a, [](T v) { return std::tanh(v); });
}
template <class T>
Pack<T> pow(const Pack<T>& a, double p) {
  return detail::lane_by_lane(a, [p](T v) { return static_cast<T>(std::pow(v, p)); });
}

/// The state of one trajectory as the state of a pack of them: double as Pack<double>,
/// Eigen::Array<double, N, 1> as Eigen::Array<Pack<double>, N, 1>.
template <class X>
struct InLanes {
  using type = Pack<X>;
};
template <class T, int N>
struct InLanes<Eigen::Array<T, N, 1>> {
  using type = Eigen::Array<Pack<T>, N, 1>;
};
template <class X>
using InLanesOf = typename InLanes<X>::type;

/// x in every lane, and the trajectory in one lane.
template <class X>
InLanesOf<X> to_lanes(const X& x) {
  if constexpr (is_number<X>) {
    return x;
  } else {
    using T = typename X::Scalar;
    return x.unaryExpr([](T v) { return Pack<T>(v); });
  }
}
template <class T>
T lane(const Pack<T>& x, int k) {
  return x[k];
}
template <class T, int N>
Eigen::Array<T, N, 1> lane(const Eigen::Array<Pack<T>, N, 1>& x, int k) {
  return x.unaryExpr([k](const Pack<T>& v) { return v[k]; });
}

}  // namespace stochflow

template <class T>
struct Eigen::NumTraits<stochflow::Pack<T>> : Eigen::NumTraits<T> {
  using Real = stochflow::Pack<T>;
  using NonInteger = stochflow::Pack<T>;
  using Nested = stochflow::Pack<T>;
  using Literal = stochflow::Pack<T>;
  enum { RequireInitialization = 1, ReadCost = 1, AddCost = 1, MulCost = 1 };
};
template <class T, class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<stochflow::Pack<T>, double, BinaryOp> {
  using ReturnType = stochflow::Pack<T>;
};
template <class T, class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<double, stochflow::Pack<T>, BinaryOp> {
  using ReturnType = stochflow::Pack<T>;
};
