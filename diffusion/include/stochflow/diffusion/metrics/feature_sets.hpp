#pragma once

// How near a set of samples is to a set of data, seen through features [N, F] of each (pixels, or
// what a fixed classifier makes of them). The distances are of the features, so figures are
// comparable only where features, numbers of samples and preprocessing are the same; always report
// the distance between two sets of data beside them, which is what a perfect model gets.
//
//   frechet_distance   mean and covariance alone; biased upwards for few samples
//   kernel_distance    unbiased at any number of samples, hence sometimes below 0
//   precision_recall   which samples look like data, and which data the samples reach
//   nearest_distances  whether samples are copies of the training set

#include <ATen/core/Tensor.h>

namespace stochflow::diffusion {

/// |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of the rows of a [N, F] and b [M, F], with
/// covariances over N - 1 and M - 1; in float64, and right for singular covariances. Heusel et al.
/// 2017, eq. (6); Dowson and Landau 1982. Throws std::invalid_argument for fewer than two rows or
/// other widths.
double frechet_distance(const at::Tensor& a, const at::Tensor& b);

/// The unbiased estimate of the squared maximum mean discrepancy under the kernel
/// (x.y/F + 1)^3. Binkowski et al. 2018, section 4; Gretton et al. 2012, eq. (3). Throws as above.
double kernel_distance(const at::Tensor& a, const at::Tensor& b);

struct PrecisionRecall {
  double precision = 0;  // share of samples within the data's neighbourhoods
  double recall = 0;     // share of data within the samples' neighbourhoods
};

/// A point's neighbourhood reaches to its k-th nearest of its own set. Kynkaanniemi et al. 2019,
/// eq. (2). Throws std::invalid_argument for k rows or fewer.
PrecisionRecall precision_recall(const at::Tensor& data, const at::Tensor& samples, int k = 3);

/// The distance of each row of a to the nearest row of b: [N].
at::Tensor nearest_distances(const at::Tensor& a, const at::Tensor& b);

}  // namespace stochflow::diffusion
