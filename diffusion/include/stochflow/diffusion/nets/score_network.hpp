#pragma once

// A U-Net and a head together: a NoisePredictor, in the variance-preserving frame and labelled by
// log-SNR, so that one set of weights serves every schedule. For a network of your own use
// from_network (score.hpp).
//
// Heads: `mixture_posterior` for grey images with spikes in their histogram; `noise` for any other
// data, where the network gives v and eps = sigma z + alpha v (Salimans and Ho 2022, section 4),
// exact already for unit Gaussian data when the network is silent.

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "stochflow/diffusion/nets/mixture_head.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

class UNet;
struct UNetConfig;

enum class Head { mixture_posterior, noise };

struct ScoreNetworkConfig {
  std::int64_t channels = 64, deep_channels = 96;
  std::int64_t blocks_down = 3, blocks_deep = 3, blocks_up = 3;
  std::int64_t heads = 4, groups = 8, embedding = 96;
  std::int64_t image_channels = 1, height = 28, width = 28;
  double gamma_min = -16, gamma_max = 5;
  Head head = Head::mixture_posterior;
  /// Grey levels with a box of their own, and the number of Gaussians (mixture_posterior only).
  std::vector<int> box_levels = {};
  std::int64_t gaussians = 6;
  /// Classes it can be asked for (`OfClass`); 0: none.
  std::int64_t classes = 0;

  UNetConfig unet() const;
  MixturePrior prior() const { return MixturePrior::grey_levels(box_levels, gaussians); }
};

class ScoreNetwork final : public NoisePredictor {
 public:
  /// Parameters start as zeros; `initialise` draws them, a checkpoint replaces them.
  explicit ScoreNetwork(const ScoreNetworkConfig& config, at::Device device = at::kCPU);

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;

  struct Evaluation {
    at::Tensor x = {};       // clean values: asks for the surprise too
    at::Tensor labels = {};  // [B] int64, `classes` for none; undefined: no row has one
    bool mixed_precision = false;
  };
  /// eps, and for the mixture head also the posterior variance of x per pixel and, given clean
  /// values x, the surprise (mixture_head.hpp). z [B, ...] with as many elements as an image;
  /// computed in the parameters' precision, returned in z's.
  MixtureOutput evaluate(const at::Tensor& z,
                         const at::Tensor& gamma,
                         const Evaluation& asked) const;
  MixtureOutput evaluate(const at::Tensor& z, const at::Tensor& gamma) const {
    return evaluate(z, gamma, {});
  }

  /// -log p(x | z) in nats [B], the code length of x once z is known: what remains to be paid below
  /// the noise level gamma. Under the mixture head the posterior it describes (each pixel on its
  /// own); under the noise head N(x; z/alpha, sigma^2/alpha^2).
  at::Tensor decoder_nats(const at::Tensor& z, const at::Tensor& gamma, const at::Tensor& x) const;

  /// From here on the head knows which grey levels occur together in an image (palettes.hpp). A
  /// network that was trained without will do; one that is trained with them does better. With
  /// InLevel::middle z is that of values in the middle of their levels; networks trained on uniform
  /// ones may be used so, since they do not see the difference and the head does. Throws
  /// std::invalid_argument for another head than the mixture's, whose boxes are grey levels.
  void take_palettes(const Palettes& palettes, InLevel in_level = InLevel::uniform);
  std::optional<Palettes> palettes() const;

  /// Draws all parameters as a pure function of the seed.
  void initialise(std::uint64_t seed);
  UNet& unet() const { return *unet_; }
  const ScoreNetworkConfig& config() const { return config_; }
  /// Of the parameters, and so of every evaluation.
  at::ScalarType precision() const;

 private:
  ScoreNetworkConfig config_;
  std::shared_ptr<UNet> unet_;
  std::shared_ptr<const PaletteLookup> palettes_;
  InLevel in_level_ = InLevel::uniform;
};

/// A network that knows classes, asked for one of them: E[eps | z, y = label].
class OfClass final : public NoisePredictor {
 public:
  /// Refers to `network`, which must outlive it. Throws std::invalid_argument when it does not know
  /// this class.
  OfClass(const ScoreNetwork& network, std::int64_t label);

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;

 private:
  const ScoreNetwork& network_;
  std::int64_t label_;
};

}  // namespace stochflow::diffusion
