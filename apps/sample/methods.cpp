#include "sample/methods.hpp"

#include <map>
#include <utility>
#include <variant>

#include "stochflow/diffusion/critically_damped.hpp"
#include "stochflow/diffusion/samplers/ancestral.hpp"
#include "stochflow/diffusion/samplers/annealed_langevin.hpp"
#include "stochflow/diffusion/samplers/ddim.hpp"
#include "stochflow/diffusion/samplers/deis.hpp"
#include "stochflow/diffusion/samplers/dpm_solver.hpp"
#include "stochflow/diffusion/samplers/dpmpp.hpp"
#include "stochflow/diffusion/samplers/edm.hpp"
#include "stochflow/diffusion/samplers/em.hpp"
#include "stochflow/diffusion/samplers/ggf.hpp"
#include "stochflow/diffusion/samplers/heun.hpp"
#include "stochflow/diffusion/samplers/ode.hpp"
#include "stochflow/diffusion/samplers/ode_per_sample.hpp"
#include "stochflow/diffusion/samplers/pc.hpp"
#include "stochflow/diffusion/samplers/reverse_diffusion.hpp"
#include "stochflow/diffusion/samplers/sde.hpp"
#include "stochflow/diffusion/samplers/unipc.hpp"
#include "stochflow/diffusion/score/velocity_noise.hpp"
#include "stochflow/methods/sra1.hpp"
#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

using namespace diffusion;

/// A sampler on a grid without options of its own.
template <auto sampler>
Samples plain(const NoisePredictor& model,
              const Schedule& schedule,
              const Draw& draw,
              const SampleRequest& request,
              const SampleOptions& options) {
  const auto times = sample_times(schedule, request.grid, request.steps);
  return sampler(model, schedule, draw, times, options);
}

/// One whose option is what `extra` makes of the request.
template <auto sampler, auto extra>
Samples with(const NoisePredictor& model,
             const Schedule& schedule,
             const Draw& draw,
             const SampleRequest& request,
             const SampleOptions& options) {
  const auto times = sample_times(schedule, request.grid, request.steps);
  return sampler(model, schedule, draw, times, extra(request), options);
}

/// The reverse SDE by a method of the solver library.
template <class Method>
constexpr auto by_solver = [](const auto&... all) { return sample_sde(Method{}, all...); };

double eta_or(const SampleRequest& request, double usual) {
  return request.eta >= 0 ? request.eta : usual;
}
constexpr auto without_noise = [](const SampleRequest& r) { return eta_or(r, 0); };
constexpr auto with_noise = [](const SampleRequest& r) { return eta_or(r, 1); };
constexpr auto order = [](const SampleRequest& r) { return r.order; };
constexpr auto churn = [](const SampleRequest& r) { return Churn{.churn = r.churn}; };
constexpr auto corrector = [](const SampleRequest& r) {
  return LangevinCorrector{.signal_to_noise = r.signal_to_noise, .steps = r.corrector_steps};
};
constexpr auto annealing = [](const SampleRequest& r) {
  return Annealing{.steps_per_level = r.langevin_steps, .step = r.langevin_step};
};

template <class T>
using Named = std::map<std::string, T>;

template <class T>
std::vector<std::string> names_of(const Named<T>& all) {
  std::vector<std::string> names;
  for (const auto& entry : all) names.push_back(entry.first);
  return names;
}

template <class T>
T named(const std::string& kind, const std::string& name, const Named<T>& all) {
  const auto found = all.find(name);
  if (found == all.end()) throw unknown_name(kind, name, names_of(all));
  return found->second;
}

/// One step size for the batch, or a method for steps of each sample's own.
using OdeSolver = std::variant<OdeStepper, BatchMethod>;

const Named<OdeSolver>& ode_solvers() {
  static const Named<OdeSolver> all{{"dopri5", OdeStepper::dopri5},
                                    {"cash-karp54", OdeStepper::cash_karp54},
                                    {"fehlberg78", OdeStepper::fehlberg78},
                                    {"tsit5", BatchMethod(tsitouras54)},
                                    {"dop853", BatchMethod(dormand_prince853)},
                                    {"adams", BatchMethod(Adams{})}};
  return all;
}

OdeSolver ode_solver(const std::string& name) { return named("solver", name, ode_solvers()); }

Samples by_ode(const NoisePredictor& model,
               const Schedule& schedule,
               const Draw& draw,
               const SampleRequest& request,
               const SampleOptions& options) {
  const OdeSolver solver = ode_solver(request.solver);
  if (const auto* method = std::get_if<BatchMethod>(&solver)) {
    const PerSampleTolerance tolerance{
        .rtol = request.rtol, .atol = request.atol, .method = *method, .batch = request.batch};
    return sample_ode_per_sample(model, schedule, draw, tolerance, options);
  }
  const OdeTolerance tolerance{
      .rtol = request.rtol, .atol = request.atol, .stepper = std::get<OdeStepper>(solver)};
  return sample_ode(model, schedule, draw, tolerance, options);
}

Samples by_ggf(const NoisePredictor& model,
               const Schedule& schedule,
               const Draw& draw,
               const SampleRequest& request,
               const SampleOptions& options) {
  const SdeTolerance tolerance{.rtol = request.rtol, .atol = request.atol, .batch = request.batch};
  return sample_ggf(model, schedule, draw, tolerance, options);
}

/// Critically damped Langevin diffusion between the schedule's noise levels, which is all that it
/// takes from the schedule.
Samples by_sscs(const NoisePredictor& model,
                const Schedule& schedule,
                const Draw& draw,
                const SampleRequest& request,
                const SampleOptions& options) {
  const CriticallyDamped process = restricted(
      CriticallyDamped{}, schedule.at(schedule.t0).gamma, schedule.at(schedule.t1).gamma);
  const Schedule levels = noise_levels(process);
  SampleOptions own = options;
  if (options.observer) {
    own.observer = [&](const at::Tensor& x, double t) {
      const double same = schedule.time_of(levels.at(t).gamma);
      options.observer(schedule.at(same).scale() * x, same);
    };
  }
  const auto times = sample_times(levels, request.grid, request.steps);
  return sample_sscs(VelocityNoise(model, process), process, draw, times, own);
}

const Named<SampleMethod>& methods() {
  static const Named<SampleMethod> all{
      {"em", plain<sample_em>},
      {"heun", plain<sample_heun>},
      {"sra1", plain<by_solver<SRA1>>},
      {"reverse-diffusion", plain<sample_reverse_diffusion>},
      {"ancestral", plain<sample_ancestral>},
      {"pc", with<sample_pc, corrector>},
      {"sscs", by_sscs},
      {"annealed-langevin", with<sample_annealed_langevin, annealing>},
      {"ddpm", plain<sample_ddpm>},
      {"ddim", with<sample_ddim, without_noise>},
      {"edm", with<sample_edm, churn>},
      {"dpm-solver", with<sample_dpm_solver, order>},
      {"dpmpp-2m", plain<sample_dpmpp_2m>},
      {"dpmpp-2s", with<sample_dpmpp_2s, without_noise>},
      {"dpmpp-sde", with<sample_dpmpp_sde, with_noise>},
      {"dpmpp-3m-sde", with<sample_dpmpp_3m_sde, with_noise>},
      {"unipc", with<sample_unipc, order>},
      {"deis", with<sample_deis, order>},
      {"ggf", by_ggf},
      {"ode", by_ode}};
  return all;
}

using Times = std::vector<double> (*)(const Schedule&, std::int64_t);

const Named<Times>& grids() {
  static const Named<Times> all{
      {"uniform", uniform_times},
      {"log-snr", log_snr_times},
      {"karras",
       [](const Schedule& schedule, std::int64_t n) { return karras_times(schedule, n); }},
      {"quadratic", quadratic_times}};
  return all;
}

}  // namespace

SampleMethod sample_method(const std::string& name) { return named("method", name, methods()); }

std::vector<double> sample_times(const Schedule& schedule,
                                 const std::string& grid,
                                 std::int64_t steps) {
  return named("grid", grid, grids())(schedule, steps);
}

void check_solver(const std::string& name) { ode_solver(name); }

bool refills(const SampleRequest& request) {
  return request.method == "ggf" || (request.method == "ode" && std::holds_alternative<BatchMethod>(
                                                                    ode_solver(request.solver)));
}

std::vector<std::string> sampler_names() { return names_of(methods()); }
std::vector<std::string> grid_names() { return names_of(grids()); }
std::vector<std::string> ode_solver_names() { return names_of(ode_solvers()); }

}  // namespace stochflow::apps
