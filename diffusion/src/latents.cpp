#include "stochflow/diffusion/latents.hpp"

#include <ATen/ATen.h>

#include <stdexcept>
#include <string>

namespace stochflow::diffusion {
namespace {

void check_alike(const char* who, const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.dim() < 2) {
    throw std::invalid_argument(std::string(who) + ": expected two batches [N, ...] of one shape");
  }
}

}  // namespace

Samples encode(const NoisePredictor& model,
               const Schedule& schedule,
               const at::Tensor& x,
               const PerSampleTolerance& tolerance) {
  return flow_map(model, schedule, x, schedule.t0, schedule.t1, tolerance);
}

Samples decode(const NoisePredictor& model,
               const Schedule& schedule,
               const at::Tensor& latents,
               const PerSampleTolerance& tolerance) {
  return flow_map(model, schedule, latents, schedule.t1, schedule.t0, tolerance);
}

at::Tensor slerp(const at::Tensor& a, const at::Tensor& b, double part) {
  check_alike("slerp", a, b);
  const at::Tensor u = a.flatten(1), v = b.flatten(1);
  const at::Tensor length_a = u.norm(2, 1, true), length_b = v.norm(2, 1, true);
  const at::Tensor cosine =
      ((u * v).sum(1, true) / (length_a * length_b).clamp_min(1e-300)).clamp(-1, 1);
  const at::Tensor angle = cosine.acos(), sine = angle.sin();
  const at::Tensor straight = sine < 1e-6;
  const at::Tensor safe = at::where(straight, at::ones_like(sine), sine);
  const at::Tensor of_a =
      at::where(straight, at::full_like(sine, 1 - part), ((1 - part) * angle).sin() / safe);
  const at::Tensor of_b =
      at::where(straight, at::full_like(sine, part), (part * angle).sin() / safe);
  // Directions by the angle, lengths by the part.
  const at::Tensor direction =
      of_a * u / length_a.clamp_min(1e-300) + of_b * v / length_b.clamp_min(1e-300);
  return (direction * ((1 - part) * length_a + part * length_b)).view_as(a);
}

at::Tensor latent_correlation(const at::Tensor& a, const at::Tensor& b) {
  check_alike("latent_correlation", a, b);
  const auto centred = [](const at::Tensor& x) {
    const at::Tensor flat = x.flatten(1).to(at::kDouble);
    return flat - flat.mean(1, true);
  };
  const at::Tensor u = centred(a), v = centred(b);
  return (u * v).sum(1) / (u.square().sum(1) * v.square().sum(1)).sqrt();
}

}  // namespace stochflow::diffusion
