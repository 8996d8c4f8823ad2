#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableOrders> scalar_orders() { return orders_with_noise<Noise::scalar>(); }

}  // namespace stochflow::apps
