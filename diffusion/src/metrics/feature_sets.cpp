#include "stochflow/diffusion/metrics/feature_sets.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stochflow::diffusion {
namespace {

std::pair<at::Tensor, at::Tensor> checked(const char* who,
                                          const at::Tensor& a,
                                          const at::Tensor& b,
                                          std::int64_t least) {
  const bool sound = a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(1) &&
                     std::min(a.size(0), b.size(0)) >= least;
  if (!sound) {
    throw std::invalid_argument(std::string(who) +
                                ": expected two sets of features [N, F] of one width F, with at "
                                "least " +
                                std::to_string(least) + " rows each");
  }
  return {a.to(at::kDouble), b.to(at::kDouble)};
}

at::Tensor covariance(const at::Tensor& x) {
  const at::Tensor centred = x - x.mean(0);
  return centred.t().matmul(centred) / static_cast<double>(x.size(0) - 1);
}

/// Eigenvalues of a covariance that rounding has made negative are zeros.
at::Tensor square_root(const at::Tensor& C) {
  const auto [values, vectors] = at::linalg_eigh(C);
  return (vectors * values.clamp_min(0).sqrt()).matmul(vectors.t());
}

/// Calls use(first, distances [rows, M]) for blocks of rows of a, so that memory stays bounded.
template <class Use>
void by_blocks(const at::Tensor& a, const at::Tensor& b, const Use& use) {
  constexpr std::int64_t block = 512;
  for (std::int64_t first = 0; first < a.size(0); first += block) {
    use(first, at::cdist(a.slice(0, first, std::min(first + block, a.size(0))), b));
  }
}

/// Distance of each row to its k-th nearest among the others: [N].
at::Tensor neighbourhoods(const at::Tensor& x, int k) {
  std::vector<at::Tensor> radii;
  by_blocks(x, x, [&](std::int64_t, const at::Tensor& distances) {
    // The nearest of all is the row itself.
    radii.push_back(std::get<0>(distances.kthvalue(k + 1, 1)));
  });
  return at::cat(radii);
}

/// Share of the rows of `points` that lie in the neighbourhood of some row of `set`.
double share_within(const at::Tensor& points, const at::Tensor& set, const at::Tensor& radii) {
  std::int64_t within = 0;
  by_blocks(points, set, [&](std::int64_t, const at::Tensor& distances) {
    within += (distances <= radii).any(1).sum().item<std::int64_t>();
  });
  return static_cast<double>(within) / static_cast<double>(points.size(0));
}

}  // namespace

double frechet_distance(const at::Tensor& a, const at::Tensor& b) {
  const auto [x, y] = checked("frechet_distance", a, b, 2);
  const at::Tensor C = covariance(x), root = square_root(C), E = covariance(y);
  // tr (C E)^(1/2) = tr (C^(1/2) E C^(1/2))^(1/2), whose argument is symmetric.
  const at::Tensor product = root.matmul(E).matmul(root);
  const at::Tensor values = at::linalg_eigvalsh(0.5 * (product + product.t())).clamp_min(0);
  const at::Tensor gap = x.mean(0) - y.mean(0);
  return (gap.square().sum() + C.diagonal().sum() + E.diagonal().sum() - 2 * values.sqrt().sum())
      .item<double>();
}

double kernel_distance(const at::Tensor& a, const at::Tensor& b) {
  const auto [x, y] = checked("kernel_distance", a, b, 2);
  const auto F = static_cast<double>(x.size(1));
  const auto kernel = [&](const at::Tensor& u, const at::Tensor& v) {
    return (u.matmul(v.t()) / F + 1).pow(3);
  };
  // A sample paired with itself would bias the estimate.
  const auto among = [&](const at::Tensor& u) {
    const at::Tensor K = kernel(u, u);
    const auto n = static_cast<double>(u.size(0));
    return (K.sum() - K.diagonal().sum()) / (n * (n - 1));
  };
  return (among(x) + among(y) - 2 * kernel(x, y).mean()).item<double>();
}

PrecisionRecall precision_recall(const at::Tensor& data, const at::Tensor& samples, int k) {
  if (k < 1) throw std::invalid_argument("precision_recall: expected k of at least 1");
  const auto [x, y] = checked("precision_recall", data, samples, k + 1);
  return {.precision = share_within(y, x, neighbourhoods(x, k)),
          .recall = share_within(x, y, neighbourhoods(y, k))};
}

at::Tensor nearest_distances(const at::Tensor& a, const at::Tensor& b) {
  const auto [x, y] = checked("nearest_distances", a, b, 1);
  std::vector<at::Tensor> nearest;
  by_blocks(x, y, [&](std::int64_t, const at::Tensor& distances) {
    nearest.push_back(std::get<0>(distances.min(1)));
  });
  return at::cat(nearest);
}

}  // namespace stochflow::diffusion
