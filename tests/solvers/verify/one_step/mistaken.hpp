#pragma once

// Methods with one mistake in them, for proofs to notice: a wrong product of an explicit method
// (WithWrongProduct), an evaluation at a wrong time (WithWrongTime), and, for implicit ones, whose
// iterations would correct a wrong product, one input that is off throughout (WithWrongInput).

#include <Eigen/Core>

#include "solvers/verify/one_step/counted_number.hpp"
#include "solvers/verify/one_step/in_numbers.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"

namespace stochflow::verify {

inline double uncounted(CountedNumber x) { return x.value; }
template <int N, int M>
auto uncounted(const Eigen::Array<CountedNumber, N, M>& x) {
  return Eigen::Array<double, N, M>(x.unaryExpr([](CountedNumber v) { return v.value; }));
}

/// An equation whose own products do not count.
template <class P>
struct EquationAside {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;
  const P& problem;

  template <class X>
  auto drift(const X& x, double t) const {
    const Pause pause;
    return problem.drift(x, t);
  }
  template <class X>
  auto diffusion(const X& x, double t) const {
    const Pause pause;
    return problem.diffusion(x, t);
  }

 private:
  struct Pause {
    bool counting = products.counting;
    Pause() { products.counting = false; }
    ~Pause() { products.counting = counting; }
  };
};

template <class M>
struct WithWrongProduct {
  static constexpr MethodFacts facts = M::facts;
  int wrong = -1;       // which product; -1: none
  int* seen = nullptr;  // becomes the number of products

  template <class P, class X, class Noise>
  X step(const P& sde, const X& x, double t, double h, const Noise& dB) const {
    const auto start = in_numbers<CountedNumber>(x);
    const auto noise = in_numbers<CountedNumber>(dB);
    products = {.counting = true, .wrong = wrong};
    const std::decay_t<decltype(start)> next = M{}.step(EquationAside<P>{sde}, start, t, h, noise);
    if (seen != nullptr) *seen = products.seen;
    products = {};
    return uncounted(next);
  }
};

/// An equation that is asked for its coefficients at a wrong time once: half a step late.
template <class P>
struct EquationOnceLate {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;
  const P& problem;
  double delay;
  int wrong;
  int& seen;

  template <class X>
  auto drift(const X& x, double t) const {
    return problem.drift(x, time(t));
  }
  template <class X>
  auto diffusion(const X& x, double t) const {
    return problem.diffusion(x, time(t));
  }

 private:
  double time(double t) const { return seen++ == wrong ? t + delay : t; }
};

template <class M>
struct WithWrongTime {
  static constexpr MethodFacts facts = M::facts;
  int wrong = -1;       // which evaluation of drift or diffusion; -1: none
  int* seen = nullptr;  // becomes the number of evaluations

  template <class P, class X, class Noise>
  X step(const P& sde, const X& x, double t, double h, const Noise& dB) const {
    int evaluations = 0;
    const X next = M{}.step(EquationOnceLate<P>{sde, 0.5 * h, wrong, evaluations}, x, t, h, dB);
    if (seen != nullptr) *seen = evaluations;
    return next;
  }
};

enum class Input { nothing, drift, diffusion, W };

template <class P>
struct EquationOff {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;
  const P& problem;
  Input wrong;

  template <class X>
  auto drift(const X& x, double t) const {
    auto f = problem.drift(x, t);
    if (wrong == Input::drift) f *= 1.05;
    return f;
  }
  template <class X>
  auto diffusion(const X& x, double t) const {
    auto g = problem.diffusion(x, t);
    if (wrong == Input::diffusion) g *= 1.05;
    return g;
  }
};

template <class M>
struct WithWrongInput {
  static constexpr MethodFacts facts = M::facts;
  Input wrong = Input::nothing;

  template <class P, class X, class Noise>
  X step(const P& sde, const X& x, double t, double h, Noise dB) const {
    if (wrong == Input::W) dB.W = dB.W * 1.05;
    return M{}.step(EquationOff<P>{sde, wrong}, x, t, h, dB);
  }
};

}  // namespace stochflow::verify
