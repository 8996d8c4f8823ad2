#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableOrders> general_orders() { return orders_with_noise<Noise::general>(); }

}  // namespace stochflow::apps
