#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableOrders> commutative_orders() {
  return orders_with_noise<Noise::commutative>();
}

}  // namespace stochflow::apps
