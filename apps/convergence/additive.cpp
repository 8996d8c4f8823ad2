#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableOrders> additive_orders() { return orders_with_noise<Noise::additive>(); }

}  // namespace stochflow::apps
