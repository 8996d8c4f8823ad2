#pragma once

// Critically damped Langevin diffusion: data x are coupled to velocities v, and only v gets noise,
//
//   dx = v/M beta dt,   dv = -(x + Gamma v/M) beta dt + sqrt(2 Gamma beta) dW,   Gamma^2 = 4 M,
//
// so that a network has to learn the score of v given x alone, which is smoother than that of x.
// The state is a PhaseSpace of tensors [B, ...], and its reverse an SDE with additive noise like
// any other: `solve` takes it with any method for such. `sample_sscs` is the sampler made for it,
// and `CriticallyDampedFlow` the ODE with the same marginals. A network comes from `hybrid_loss`,
// or is one of the other schedules' as it is (score/velocity_noise.hpp). Source: Dockhorn, Vahdat
// and Kreis 2022 (score-based generative modeling with critically-damped Langevin diffusion).

#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstdint>
#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/langevin/phase_space.hpp"

namespace stochflow::diffusion {

using TensorPhaseSpace = PhaseSpace<at::Tensor>;

/// A Gaussian step of the pair (x, v), the same for every component: its mean is the pair times
/// [[xx, xv], [vx, vv]], its covariance [[c_xx, c_xv], [c_xv, c_vv]].
struct PairTransition {
  double xx, xv, vx, vv;
  double c_xx, c_xv, c_vv;
};

struct CriticallyDamped {
  double beta = 4;               // speed
  double mass = 0.25;            // M: the variance of v at the end
  double start_variance = 0.04;  // that of v at t = 0, in units of M
  double t0 = 1e-3, t1 = 1;  // sampling starts at t1, where (x, v) ~ N(0, diag(1, M)), ends at t0

  double friction() const { return 2 * std::sqrt(mass); }

  /// From (x, v) at some time to `dt` later. The variance of x, of size dt^3, is right to rounding
  /// however short dt.
  PairTransition transition(double dt) const;
  /// From x0 at time 0, with v0 drawn, to t: mean (xx, vx) x0; xv and vv belong to v0.
  PairTransition kernel(double t) const;
  /// 1/standard deviation of v given x in the kernel: the score of v is -this times eps_v.
  double noise_scale(double t) const;
};

/// What a network for it predicts.
class VelocityNoisePredictor {
 public:
  virtual ~VelocityNoisePredictor() = default;

  /// E[eps_v | x, v], where v = its mean given x0 and x + eps_v/noise_scale. t [B] float64 on the
  /// host. Returns a tensor like v.
  virtual at::Tensor eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const = 0;
};

/// The score of v, -noise_scale eps_v, at one time for all.
at::Tensor velocity_score(const VelocityNoisePredictor& model,
                          const CriticallyDamped& process,
                          const TensorPhaseSpace& u,
                          double t);

/// E[x0 | x, v] at one time for all.
at::Tensor denoised(const VelocityNoisePredictor& model,
                    const CriticallyDamped& process,
                    const TensorPhaseSpace& u,
                    double t);

/// (x, v) at t [B] from data x0 [B, ...] and standard normals eps of its shape, v0 marginalised.
TensorPhaseSpace diffused(const CriticallyDamped& process,
                          const at::Tensor& x0,
                          const at::Tensor& t,
                          const TensorPhaseSpace& eps);

/// Hybrid score matching, [B]: |eps_v - prediction|^2, or with `likelihood` times
/// Gamma beta noise_scale^2, whose mean over uniform times is the diffusion term of the evidence
/// bound over t1 - t0, nats.
at::Tensor hybrid_loss(const VelocityNoisePredictor& model,
                       const CriticallyDamped& process,
                       const at::Tensor& x0,
                       const at::Tensor& t,
                       const TensorPhaseSpace& eps,
                       bool likelihood = false);

/// In s = t1 - t, on [0, t1 - t0]: a problem for `solve`. Refers to both: they must outlive it.
struct ReverseCriticallyDamped {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  const CriticallyDamped& process;
  const VelocityNoisePredictor& model;

  TensorPhaseSpace drift(const TensorPhaseSpace& u, double s) const;
  /// The intensity of the noise, which enters v alone.
  double diffusion(const TensorPhaseSpace&, double) const {
    return std::sqrt(2 * process.friction() * process.beta);
  }
  TensorPhaseSpace noise_term(const TensorPhaseSpace& u, double s, const at::Tensor& dW) const;
};

inline at::Tensor noise_like(const ReverseCriticallyDamped&, const TensorPhaseSpace& u, double) {
  return u.v;
}

/// d(x, v)/dt of the flow with the same marginals, t in [t0, t1], of packed pairs [2, B, ...] for
/// `solve_ode`.
struct CriticallyDampedFlow {
  const CriticallyDamped& process;
  const VelocityNoisePredictor& model;

  at::Tensor operator()(const at::Tensor& packed, double t) const;
};

/// (x, v) at t1.
TensorPhaseSpace prior_sample(const CriticallyDamped& process, const Draw& draw);

/// The symmetric splitting sampler: half a step of everything but the score in closed form, a step
/// of the score, half a step in closed form. times t1 > ... > t0. One evaluation a step, and one to
/// end with E[x0 | x, v] if options.denoise. options.observer sees x.
Samples sample_sscs(const VelocityNoisePredictor& model,
                    const CriticallyDamped& process,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options = {});

}  // namespace stochflow::diffusion
