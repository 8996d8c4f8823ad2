#pragma once

// Palettes: which grey levels occur together in one image. Digits of MNIST were scaled down from
// larger black and white ones, so that the grey of a stroke's edge counts covered points: an image
// scaled by 2 has quarters only, one scaled by 2.5 has 25ths. A network that describes each pixel
// by itself cannot know; but once a few pixels have told which palette an image has, it is known of
// all the others. With g_i(v) what the network says of pixel i, and c the palette of the image,
//   p(v_1, v_2, ...) proportional to  sum_c weight_c prod_i g_i(v_i) ratio_c(v_i),
// a mixture over whole images, for which Bayes' rule denoises in closed form as it does for one
// pixel (mixture_head.hpp). Level 0 is the background and belongs to every palette.
// Source: this project; the sum over classes of an image is a mixture of unigrams (Nigam et al.
// 2000), fitted by expectation-maximisation (Dempster, Laird, Rubin 1977).

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>

namespace stochflow::diffusion {

struct Palettes {
  at::Tensor log_weights;  // [K] float64, of the palettes among images
  at::Tensor log_ratios;   // [K, 256] float64: how much likelier a level is in it than in any image

  std::int64_t count() const { return log_weights.size(0); }
};

/// Throws std::invalid_argument unless the shapes are those above, all numbers finite and the
/// ratios of level 0 one.
void check(const Palettes& palettes);

/// The same, level by level and on the head's device, as the head wants them. Throws as `check`
/// does.
struct PaletteLookup {
  explicit PaletteLookup(const Palettes& palettes, at::Device device = at::kCPU);

  at::Tensor log_weights;  // [K] float64
  at::Tensor log_ratios;   // [256, K]
  at::Tensor ratios;       // [256, K]
};

struct PaletteFit {
  std::int64_t palettes = 256;
  std::int64_t rounds = 40;  // of expectation and maximisation
  double prior = 200;      // levels of the average image that every palette is given beside its own
  std::uint64_t seed = 1;  // of the images that palettes start from
};

/// Fits palettes to images [N, ...] uint8. A pure function of its arguments.
Palettes fit_palettes(const at::Tensor& images, const PaletteFit& fit = {});

/// Bits a value that palettes save on images [N, ...], when nothing else is known of them: what to
/// compare fits by, on images that had no part in them.
double bits_saved(const Palettes& palettes, const at::Tensor& images);

/// How much palettes have a say at noise level gamma: all below -8, where the noise is 2.3 grey
/// levels wide, nothing above -7, where it hides their steps anyway; smooth in between.
double share_of_palettes(double gamma);
at::Tensor share_of_palettes(const at::Tensor& gamma);

}  // namespace stochflow::diffusion
