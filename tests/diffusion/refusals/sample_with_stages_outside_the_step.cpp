// EXPECT: the schedule knows no noise levels beyond its ends
#include "stochflow/diffusion/samplers/sde.hpp"
#include "stochflow/methods/sosri.hpp"
#include "stochflow/methods/sra1.hpp"

using namespace stochflow;
void refused(const diffusion::NoisePredictor& model, const diffusion::Draw& draw) {
#ifdef STOCHFLOW_REFUSED
  using Method = SOSRI;
#else
  using Method = SRA1;
#endif
  diffusion::sample_sde(Method{}, model, diffusion::vp(), draw, std::vector<double>{1, 0.5, 0.01});
}
