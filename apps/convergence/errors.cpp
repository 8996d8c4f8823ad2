#include "convergence/errors.hpp"

#include <algorithm>
#include <utility>

namespace stochflow::apps {

bool chooses(const std::vector<std::string>& choice, const std::string& name) {
  return std::any_of(choice.begin(), choice.end(), [&](const std::string& wanted) {
    return wanted == "all" || wanted == name;
  });
}

std::vector<MeasurableErrors> chosen_errors(const std::vector<std::string>& problems,
                                            const std::vector<std::string>& methods) {
  std::vector<MeasurableErrors> chosen;
  for (const auto list :
       {additive_errors, diagonal_errors, scalar_errors, commutative_errors, general_errors}) {
    for (MeasurableErrors& entry : list()) {
      if (!chooses(problems, entry.problem)) continue;
      std::erase_if(entry.methods, [&](const auto& method) { return !chooses(methods, method); });
      if (!entry.methods.empty()) chosen.push_back(std::move(entry));
    }
  }
  return chosen;
}

}  // namespace stochflow::apps
