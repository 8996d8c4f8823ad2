#pragma once

// The span of an integration and the times to save in it, checked alike by every ODE solver.

#include <cmath>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace stochflow::detail {

/// Throws unless t0 and t1 are different finite times and save_at goes from t0 towards t1.
inline void check_span(std::string_view solver,
                       double t0,
                       double t1,
                       const std::vector<double>& save_at) {
  std::ostringstream text;
  text << solver;
  if (!std::isfinite(t0) || !std::isfinite(t1) || t0 == t1) {
    text << ": expected two different finite times, found t0 = " << t0 << ", t1 = " << t1;
    throw std::invalid_argument(text.str());
  }
  const double sign = t1 > t0 ? 1 : -1;
  double last = t0;
  for (std::size_t k = 0; k < save_at.size(); ++k) {
    const double s = save_at[k];
    if (!(sign * (s - t0) >= 0 && sign * (t1 - s) >= 0 && (k == 0 || sign * (s - last) > 0))) {
      text << ": save times must go from " << t0 << " towards " << t1 << ", but save_at[" << k
           << "] = " << s;
      throw std::invalid_argument(text.str());
    }
    last = s;
  }
}

}  // namespace stochflow::detail
