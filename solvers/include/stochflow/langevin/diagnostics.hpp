#pragma once

// What correlated draws are worth and whether chains have met: effective sample size (Geyer's
// initial monotone sequence over several chains) and split R-hat (rank-normalised and folded). They
// take one real quantity along every chain, values[chain][draw], with the warm-up left out.
//
// Trust a mean when r_hat < 1.01 and both effective sample sizes exceed 100 a chain.
// Sources: Geyer, Statist. Sci. 7 (1992); Vehtari, Gelman, Simpson, Carpenter and Buerkner,
// Bayesian Analysis 16 (2021).

#include <algorithm>
#include <bit>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace stochflow {

using ChainValues = std::vector<std::vector<double>>;

namespace detail {

inline void check_chains(const ChainValues& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (values[k].size() != values[0].size()) {
      std::ostringstream text;
      text << "chain diagnostics: chain " << k << " has " << values[k].size()
           << " draws and chain 0 has " << values[0].size()
           << ": one of them ended early, see its outcome, and leave it out";
      throw std::invalid_argument(text.str());
    }
  }
  if (values.empty() || values[0].size() < 8) {
    throw std::invalid_argument("chain diagnostics: expected at least 1 chain of 8 draws or more");
  }
}

/// Each chain as two, its halves; the middle draw of an odd number is left out.
inline ChainValues half_chains(const ChainValues& values) {
  check_chains(values);
  ChainValues halves;
  const auto half = static_cast<std::ptrdiff_t>(values[0].size() / 2);
  for (const auto& chain : values) {
    halves.emplace_back(chain.begin(), chain.begin() + half);
    halves.emplace_back(chain.end() - half, chain.end());
  }
  return halves;
}

inline double mean_of(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}
inline double variance_of(const std::vector<double>& x) {
  const double mean = mean_of(x);
  double sum = 0;
  for (const double xi : x) sum += (xi - mean) * (xi - mean);
  return sum / static_cast<double>(x.size() - 1);
}

/// Mean variance within chains, W, and the estimate of the target's variance from within and
/// between, (N - 1)/N W + B/N. Vehtari et al. 2021, eqs. (1)-(3).
struct Variances {
  double within, total;

  explicit Variances(const ChainValues& chains) {
    std::vector<double> means, variances;
    for (const auto& chain : chains) {
      means.push_back(mean_of(chain));
      variances.push_back(variance_of(chain));
    }
    const auto n = static_cast<double>(chains[0].size());
    within = mean_of(variances);
    total = (n - 1) / n * within + (chains.size() > 1 ? variance_of(means) : 0);
  }
  double r_hat() const { return std::sqrt(total / within); }
};

inline std::vector<double> pooled(const ChainValues& chains) {
  std::vector<double> all;
  for (const auto& chain : chains) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

/// Every value replaced by the normal quantile of its rank among all, ties by their mean rank.
/// Vehtari et al. 2021, eq. (14).
inline ChainValues rank_normalised(const ChainValues& chains) {
  const std::vector<double> all = pooled(chains);
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return all[i] < all[j]; });
  std::vector<double> z(all.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && all[order[last]] == all[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + 1 + last);  // from 1
    const double p = (rank - 0.375) / (static_cast<double>(all.size()) + 0.25);
    const double quantile = -std::sqrt(2.0) * boost::math::erfc_inv(2 * p);
    for (; first < last; ++first) z[order[first]] = quantile;
  }
  ChainValues result;
  for (std::size_t k = 0, n = chains[0].size(); k < chains.size(); ++k) {
    const auto begin = z.begin() + static_cast<std::ptrdiff_t>(k * n);
    result.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(n));
  }
  return result;
}

/// The p-quantile of all values, linear between order statistics.
inline double quantile_of(const ChainValues& chains, double p) {
  std::vector<double> all = pooled(chains);
  const double position = p * static_cast<double>(all.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(position);
  std::nth_element(all.begin(), all.begin() + below, all.end());
  const double low = all[static_cast<std::size_t>(below)];
  if (static_cast<std::size_t>(below) + 1 == all.size()) return low;
  const double high = *std::min_element(all.begin() + below + 1, all.end());
  return low + (position - static_cast<double>(below)) * (high - low);
}

/// Discrete Fourier transform in place, for sizes that are powers of two.
inline void fourier_transform(std::vector<std::complex<double>>& a) {
  const std::size_t n = a.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {  // bits of the index reversed
    std::size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(a[i], a[j]);
  }
  std::vector<std::complex<double>> roots(n / 2);
  for (std::size_t k = 0; k < n / 2; ++k) {
    roots[k] =
        std::polar(1.0, -6.28318530717958647693 * static_cast<double>(k) / static_cast<double>(n));
  }
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t stride = n / (2 * half);
    for (std::size_t i = 0; i < n; i += 2 * half) {
      for (std::size_t k = i; k < i + half; ++k) {
        const auto odd = a[k + half] * roots[(k - i) * stride];
        a[k + half] = a[k] - odd;
        a[k] += odd;
      }
    }
  }
}

/// The mean over chains of (1/N) sum_i (x_i - mean)(x_{i+lag} - mean), for every lag below N.
inline std::vector<double> mean_autocovariances(const ChainValues& chains) {
  const std::size_t n = chains[0].size(), padded = std::bit_ceil(2 * n);
  std::vector<std::complex<double>> spectrum(padded), power(padded);
  for (const auto& chain : chains) {
    const double mean = mean_of(chain);
    spectrum.assign(padded, 0.0);
    for (std::size_t i = 0; i < n; ++i) spectrum[i] = chain[i] - mean;
    fourier_transform(spectrum);
    for (std::size_t i = 0; i < padded; ++i) power[i] += std::norm(spectrum[i]);
  }
  fourier_transform(power);  // real and even: the inverse but for the factor
  std::vector<double> covariances(n);
  const auto factor = static_cast<double>(padded) * static_cast<double>(n * chains.size());
  for (std::size_t lag = 0; lag < n; ++lag) covariances[lag] = power[lag].real() / factor;
  return covariances;
}

/// Number of independent draws with the same variance of the mean. Vehtari et al. 2021, eqs. (10)
/// and (11), with Geyer's pairs of neighbouring lags cut where they turn negative and made to
/// decrease.
inline double effective_size(const ChainValues& chains) {
  const Variances variances(chains);
  if (!(variances.total > 0)) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t n = chains[0].size();
  const std::vector<double> covariances = mean_autocovariances(chains);
  const auto correlation = [&](std::size_t lag) {
    return lag == 0 ? 1.0 : 1 - (variances.within - covariances[lag]) / variances.total;
  };
  double tau = -1, smallest = std::numeric_limits<double>::infinity();
  for (std::size_t lag = 0; lag + 1 < n; lag += 2) {
    const double even = correlation(lag), pair = even + correlation(lag + 1);
    if (!(pair > 0)) {
      tau += std::max(even, 0.0);  // half of the first pair left out is still signal
      break;
    }
    smallest = std::min(smallest, pair);
    tau += 2 * smallest;
  }
  const auto draws = static_cast<double>(n * chains.size());
  return draws / std::max(tau, 1 / std::log10(draws));
}

}  // namespace detail

/// Potential scale reduction over half chains: 1 when they agree, large when they do not; NaN when
/// all values are equal. Vehtari et al. 2021, eq. (4).
inline double split_r_hat(const ChainValues& values) {
  return detail::Variances(detail::half_chains(values)).r_hat();
}

/// The larger of split R-hat on normalised ranks (finds chains in different places, also for heavy
/// tails) and on those of the distance to the median (finds chains of different width).
inline double rank_r_hat(const ChainValues& values) {
  const ChainValues halves = detail::half_chains(values);
  const double median = detail::quantile_of(halves, 0.5);
  ChainValues folded = halves;
  for (auto& chain : folded) {
    for (double& x : chain) x = std::abs(x - median);
  }
  const double bulk = detail::Variances(detail::rank_normalised(halves)).r_hat();
  const double tail = detail::Variances(detail::rank_normalised(folded)).r_hat();
  return std::isnan(tail) ? bulk : std::max(bulk, tail);
}

/// Effective number of draws for the mean of the values.
inline double effective_sample_size(const ChainValues& values) {
  return detail::effective_size(detail::half_chains(values));
}
/// The same on normalised ranks: finite whatever the tails.
inline double bulk_effective_sample_size(const ChainValues& values) {
  return detail::effective_size(detail::rank_normalised(detail::half_chains(values)));
}
/// The smaller of those for the 5 % and the 95 % quantile.
inline double tail_effective_sample_size(const ChainValues& values) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const double p : {0.05, 0.95}) {
    const double quantile = detail::quantile_of(values, p);
    ChainValues below = values;
    for (auto& chain : below) {
      for (double& x : chain) x = x <= quantile ? 1 : 0;
    }
    const double size = detail::effective_size(detail::half_chains(below));
    if (!(size >= smallest)) smallest = size;
  }
  return smallest;
}

struct ChainSummary {
  double mean, standard_error;  // of the mean, with the effective sample size
  double standard_deviation;
  double ess, bulk_ess, tail_ess;
  double r_hat;  // rank_r_hat
};

inline ChainSummary summarise(const ChainValues& values) {
  detail::check_chains(values);
  const std::vector<double> all = detail::pooled(values);
  const double ess = effective_sample_size(values), sd = std::sqrt(detail::variance_of(all));
  return {.mean = detail::mean_of(all),
          .standard_error = sd / std::sqrt(ess),
          .standard_deviation = sd,
          .ess = ess,
          .bulk_ess = bulk_effective_sample_size(values),
          .tail_ess = tail_effective_sample_size(values),
          .r_hat = rank_r_hat(values)};
}

}  // namespace stochflow
