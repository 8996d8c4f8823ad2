#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableOrders> diagonal_orders() { return orders_with_noise<Noise::diagonal>(); }

}  // namespace stochflow::apps
