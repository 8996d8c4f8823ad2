#pragma once

// A control variate for Hutchinson's estimate of a path's divergence: what the same probe would
// have got wrong had the data been Gaussian with their own mean and covariance C. With axes u_k and
// variances l_k of C, the noise that a Gaussian's score predicts has the Jacobian
//   J_G = sigma (alpha^2 C + sigma^2)^-1,
// a function of the noise level alone, so that v^T J_G v misses tr J_G by the same on every path
// and the integral over gamma from a to b is known in closed form: to ln p is added
//   int 1/2 sigma (tr J_G - v^T J_G v) dgamma
//     = 1/2 sum_k ln[(e^b + l_k)/(e^a + l_k)] (1 - (u_k^T v)^2),
// of mean zero whatever the axes, and no evaluation is spent on it. It pays where noise hides the
// image; where the image can be seen, what is left of neighbouring values has another correlation
// than the data, and the variate does harm: hence `above`.
// Source: this project; a known matrix near J taken out of Hutchinson's estimate as in Gambhir,
// Stathopoulos and Orginos 2017 (deflation).

#include <ATen/core/Tensor.h>

namespace stochflow::diffusion {

struct GaussianVariate {
  at::Tensor axes;       // [D, D] float64, a row each, orthonormal
  at::Tensor variances;  // [D] float64
  double above = 0;      // noise level gamma below which it is left out; 0: as much signal as noise
};

/// Of data x [N, ...]: best some that are not scored, but any will do, since they say nothing of
/// the probes. Throws std::invalid_argument for fewer than two samples.
GaussianVariate gaussian_variate(const at::Tensor& x);

/// What to add to log densities, nats [B] float64, for probes [P, B, ...] held from noise level
/// gamma = `from` to `to`.
at::Tensor correction(const GaussianVariate& variate,
                      const at::Tensor& probes,
                      double from,
                      double to);

}  // namespace stochflow::diffusion
