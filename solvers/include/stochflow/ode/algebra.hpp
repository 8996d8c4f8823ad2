#pragma once

// What Boost.Odeint must know about Eigen arrays: how to size and copy them, and the algebra that
// works on them as whole vectors. Odeint's own Eigen header is not used: it covers matrices only
// and puts operators into Eigen's namespace. For another kind of state specialise OdeintAlgebra
// (and odeint's copy_impl where `=` shares memory), as stochflow/diffusion/tensor does for tensors.

#include <Eigen/Core>
#include <boost/numeric/odeint/algebra/default_operations.hpp>
#include <boost/numeric/odeint/algebra/vector_space_algebra.hpp>
#include <boost/numeric/odeint/util/copy.hpp>
#include <boost/numeric/odeint/util/is_resizeable.hpp>
#include <boost/numeric/odeint/util/resize.hpp>
#include <boost/numeric/odeint/util/same_size.hpp>
#include <cmath>
#include <concepts>
#include <type_traits>

namespace stochflow {

/// The odeint algebra for states of type X.
template <class X>
struct OdeintAlgebra : boost::numeric::odeint::vector_space_algebra {
  /// Largest magnitude in x: odeint's error norm.
  static double norm_inf(const X& x) {
    if constexpr (std::is_arithmetic_v<X>) {
      return std::abs(x);
    } else {
      return x.size() == 0 ? 0.0 : static_cast<double>(x.abs().maxCoeff());
    }
  }
};

}  // namespace stochflow

namespace boost::numeric::odeint {

template <class T>
struct is_resizeable<Eigen::Array<T, Eigen::Dynamic, 1>> : boost::true_type {
  using type = boost::true_type;
};
template <class T>
struct same_size_impl<Eigen::Array<T, Eigen::Dynamic, 1>, Eigen::Array<T, Eigen::Dynamic, 1>> {
  using State = Eigen::Array<T, Eigen::Dynamic, 1>;
  static bool same_size(const State& a, const State& b) { return a.size() == b.size(); }
};
template <class T>
struct resize_impl<Eigen::Array<T, Eigen::Dynamic, 1>, Eigen::Array<T, Eigen::Dynamic, 1>> {
  using State = Eigen::Array<T, Eigen::Dynamic, 1>;
  static void resize(State& a, const State& b) { a.resize(b.size()); }
};

// Eigen arrays look like ranges, which odeint would copy element by element without sizing them.
template <class T, int N>
struct copy_impl<Eigen::Array<T, N, 1>, Eigen::Array<T, N, 1>> {
  using State = Eigen::Array<T, N, 1>;
  static void copy(const State& from, State& to) { to = from; }
};

}  // namespace boost::numeric::odeint
