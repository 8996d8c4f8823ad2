#include "convergence/errors.hpp"

#include <algorithm>
#include <utility>

namespace stochflow::apps {

std::vector<MeasurableErrors> chosen_errors(const std::vector<std::string>& problems,
                                            const std::vector<std::string>& methods) {
  const auto is_among = [](const std::vector<std::string>& choice, const std::string& name) {
    return std::any_of(choice.begin(), choice.end(), [&](const std::string& wanted) {
      return wanted == "all" || wanted == name;
    });
  };
  std::vector<MeasurableErrors> chosen;
  for (const auto list :
       {additive_errors, diagonal_errors, scalar_errors, commutative_errors, general_errors}) {
    for (MeasurableErrors& entry : list()) {
      if (!is_among(problems, entry.problem)) continue;
      std::erase_if(entry.methods, [&](const auto& method) { return !is_among(methods, method); });
      if (!entry.methods.empty()) chosen.push_back(std::move(entry));
    }
  }
  return chosen;
}

}  // namespace stochflow::apps
