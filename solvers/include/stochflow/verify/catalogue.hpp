#pragma once

// The lists that tests, docs and the command line run over. A new method or test problem is one
// line here.

#include <tuple>
#include <type_traits>
#include <utility>

#include "stochflow/methods/dri1.hpp"
#include "stochflow/methods/euler_heun.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/general_shark.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/implicit_midpoint.hpp"
#include "stochflow/methods/implicit_milstein.hpp"
#include "stochflow/methods/ito_taylor15.hpp"
#include "stochflow/methods/ken_carp_sra.hpp"
#include "stochflow/methods/log_ode.hpp"
#include "stochflow/methods/midpoint.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/milstein_general_derivative_free.hpp"
#include "stochflow/methods/platen_weak2.hpp"
#include "stochflow/methods/rdi1wm.hpp"
#include "stochflow/methods/rdi2wm.hpp"
#include "stochflow/methods/rdi3wm.hpp"
#include "stochflow/methods/rdi4wm.hpp"
#include "stochflow/methods/reversible_heun.hpp"
#include "stochflow/methods/ri1.hpp"
#include "stochflow/methods/ri3.hpp"
#include "stochflow/methods/ri5.hpp"
#include "stochflow/methods/ri6.hpp"
#include "stochflow/methods/rs1.hpp"
#include "stochflow/methods/rs2.hpp"
#include "stochflow/methods/sea.hpp"
#include "stochflow/methods/shark.hpp"
#include "stochflow/methods/siea.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/methods/sk_rock.hpp"
#include "stochflow/methods/slow_rk.hpp"
#include "stochflow/methods/smea.hpp"
#include "stochflow/methods/sosra.hpp"
#include "stochflow/methods/sosra2.hpp"
#include "stochflow/methods/sosri.hpp"
#include "stochflow/methods/sosri2.hpp"
#include "stochflow/methods/spark.hpp"
#include "stochflow/methods/split_step_backward_euler.hpp"
#include "stochflow/methods/split_step_euler_maruyama.hpp"
#include "stochflow/methods/sra1.hpp"
#include "stochflow/methods/sra2.hpp"
#include "stochflow/methods/sra3.hpp"
#include "stochflow/methods/sri2.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/methods/sriw2.hpp"
#include "stochflow/methods/srock2.hpp"
#include "stochflow/methods/srs2.hpp"
#include "stochflow/methods/tamed_euler.hpp"
#include "stochflow/methods/tamed_milstein.hpp"
#include "stochflow/methods/theta_euler.hpp"
#include "stochflow/methods/truncated_euler.hpp"
#include "stochflow/methods/w2ito1.hpp"
#include "stochflow/methods/w2ito2.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify {

using Methods = std::tuple<EulerMaruyama,
                           Milstein,
                           MilsteinDerivativeFree,
                           MilsteinGeneral,
                           MilsteinGeneralDerivativeFree,
                           SplitStepEulerMaruyama,
                           ItoTaylor15,
                           SRI2,
                           SRIW1,
                           SRIW2,
                           SOSRI,
                           SOSRI2,
                           SRA1,
                           SRA2,
                           SRA3,
                           SOSRA,
                           SOSRA2,
                           SEA,
                           ShARK,
                           Heun,
                           EulerHeun,
                           Midpoint,
                           ReversibleHeun,
                           SRS2,
                           LogODE,
                           GeneralShARK,
                           SPaRK,
                           SlowRK,
                           SimplifiedEuler,
                           PlatenWeak2,
                           W2Ito1,
                           W2Ito2,
                           RI1,
                           RI3,
                           RI5,
                           RI6,
                           DRI1,
                           RDI1WM,
                           RDI2WM,
                           RDI3WM,
                           RDI4WM,
                           SIEA,
                           SMEA,
                           RS1,
                           RS2,
                           ThetaEuler,
                           ImplicitMilstein,
                           ImplicitMidpoint,
                           SplitStepBackwardEuler,
                           KenCarpSRA,
                           SkRock,
                           SRock2,
                           TamedEuler,
                           TamedMilstein,
                           TruncatedEuler>;

using TestProblems = std::tuple<OrnsteinUhlenbeckTest,
                                AdditiveTimeTest,
                                GbmTest<Calculus::ito>,
                                GbmTest<Calculus::stratonovich>,
                                TanhTest<Calculus::ito>,
                                TanhTest<Calculus::stratonovich>,
                                ScalarNoiseTest<Calculus::ito>,
                                ScalarNoiseTest<Calculus::stratonovich>,
                                CommutativeNoiseTest<Calculus::ito>,
                                CommutativeNoiseTest<Calculus::stratonovich>,
                                GeneralNoiseTest<Calculus::ito>,
                                GeneralNoiseTest<Calculus::stratonovich>>;

/// Whether method M claims an order on problem P (references allowed: GCC 12 sees captured values
/// of nested generic lambdas as references).
template <class P, class M>
inline constexpr bool applies = std::decay_t<M>::facts.solves(std::decay_t<P>::calculus,
                                                              std::decay_t<P>::noise) &&
                                std::decay_t<M>::facts.claims(std::decay_t<P>::noise);

/// visit(T{}) for every T of a list.
template <class List, class Visitor>
void for_each_type(const Visitor& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::tuple_element_t<I, List>{}), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<List>>{});
}

}  // namespace stochflow::verify
