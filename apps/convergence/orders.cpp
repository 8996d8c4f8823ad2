#include "convergence/orders.hpp"

#include <algorithm>
#include <utility>

namespace stochflow::apps {

std::vector<MeasurableOrders> chosen_orders(const std::vector<std::string>& problems,
                                            const std::vector<std::string>& methods) {
  const auto is_among = [](const std::vector<std::string>& choice, const std::string& name) {
    return std::any_of(choice.begin(), choice.end(), [&](const std::string& wanted) {
      return wanted == "all" || wanted == name;
    });
  };
  std::vector<MeasurableOrders> chosen;
  for (const auto list :
       {additive_orders, diagonal_orders, scalar_orders, commutative_orders, general_orders}) {
    for (MeasurableOrders& orders : list()) {
      if (!is_among(problems, orders.problem)) continue;
      std::erase_if(orders.methods, [&](const auto& method) { return !is_among(methods, method); });
      if (!orders.methods.empty()) chosen.push_back(std::move(orders));
    }
  }
  return chosen;
}

}  // namespace stochflow::apps
