#pragma once

// The methods of this folder, for tests and for the table in docs/methods.md.

#include <tuple>

#include "stochflow/langevin/align.hpp"
#include "stochflow/langevin/quicsort.hpp"
#include "stochflow/langevin/should.hpp"
#include "stochflow/langevin/splitting.hpp"
#include "stochflow/langevin/ubu.hpp"

namespace stochflow::verify {

using LangevinMethods = std::tuple<BAOAB, OBABO, OABAO, UBU, ALIGN, ShOULD, QUICSORT>;

}  // namespace stochflow::verify
