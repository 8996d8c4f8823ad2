#include "likelihood/question.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"

namespace likelihoods {

using namespace stochflow::diffusion;

namespace {

Answer answer_of(const NoisePredictor& model,
                 const Schedule& schedule,
                 const Images& images,
                 const BatchMethod& method,
                 double atol,
                 double atol_log_density) {
  const auto found =
      log_likelihood(model,
                     schedule,
                     images.x,
                     images.ids,
                     {.seed = images.seed,
                      .tolerance = {.atol = atol, .atol_log_density = atol_log_density},
                      .method = method,
                      .batch = 8,  // refilled as images arrive
                      .micro = {.rows = 8, .threads = 1}});
  Answer answer;
  for (const ImageLikelihood& image : found) {
    answer.log_density.push_back(image.log_density);
    answer.evaluations += static_cast<double>(image.nfe) / static_cast<double>(found.size());
  }
  return answer;
}

}  // namespace

Answer adams(const NoisePredictor& model,
             const Schedule& schedule,
             const Images& images,
             double tolerance) {
  return answer_of(model, schedule, images, Adams{}, tolerance, 100 * tolerance);
}

Answer dormand_prince(const NoisePredictor& model,
                      const Schedule& schedule,
                      const Images& images,
                      double tolerance) {
  return answer_of(model, schedule, images, dormand_prince54, tolerance, 30 * tolerance);
}

}  // namespace likelihoods
