#include "stochflow/diffusion/tensor/noise.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <span>
#include <stdexcept>
#include <string>

#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {
namespace {

/// fill(id, row, n) writes the n numbers of one sample; samples are shared out among the threads.
template <class T, class Fill>
void fill_rows(const SampleIds& ids, at::Tensor& out, const Fill& fill) {
  const std::int64_t n = ids.empty() ? 0 : out.numel() / static_cast<std::int64_t>(ids.size());
  T* const data = out.data_ptr<T>();
  at::parallel_for(
      0, static_cast<std::int64_t>(ids.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          fill(ids[static_cast<std::size_t>(i)], data + i * n, static_cast<std::size_t>(n));
        }
      });
}

template <class Fill>
at::Tensor filled(const SampleIds& ids, const at::Tensor& like, const Fill& fill) {
  if (like.dim() < 1 || like.size(0) != static_cast<std::int64_t>(ids.size())) {
    throw std::invalid_argument("noise: expected a batch of " + std::to_string(ids.size()) +
                                " samples, one for each id, found a tensor with " +
                                (like.dim() < 1 ? "no" : std::to_string(like.size(0))) + " rows");
  }
  at::Tensor out = at::empty(like.sizes(), at::TensorOptions().dtype(like.scalar_type()));
  if (like.scalar_type() == at::kFloat) {
    fill_rows<float>(ids, out, fill);
  } else if (like.scalar_type() == at::kDouble) {
    fill_rows<double>(ids, out, fill);
  } else {
    throw std::invalid_argument(std::string("noise: expected float32 or float64, found ") +
                                c10::toString(like.scalar_type()));
  }
  return out.to(like.device());
}

/// The largest float below 1: rounding a uniform to float must not reach the open end.
float below_one(float u) { return u < 1 ? u : 0x1.fffffep-1F; }
double below_one(double u) { return u; }

}  // namespace

at::Tensor normals(const RandomStream& stream,
                   const SampleIds& ids,
                   std::uint64_t draw,
                   const at::Tensor& like) {
  return filled(ids, like, [&](std::uint64_t id, auto* row, std::size_t n) {
    fill_normals(stream, id, draw, std::span(row, n));
  });
}

at::Tensor uniforms(const RandomStream& stream,
                    const SampleIds& ids,
                    std::uint64_t draw,
                    const at::Tensor& like) {
  return filled(ids, like, [&](std::uint64_t id, auto* row, std::size_t n) {
    using T = std::decay_t<decltype(*row)>;
    for (std::size_t k = 0; k < n; k += 2) {
      const auto pair = uniform_pair(stream, id, draw, static_cast<std::uint32_t>(k / 2));
      row[k] = below_one(static_cast<T>(pair[0]));
      if (k + 1 < n) row[k + 1] = below_one(static_cast<T>(pair[1]));
    }
  });
}

at::Tensor rademacher(const RandomStream& stream,
                      const SampleIds& ids,
                      std::uint64_t draw,
                      const at::Tensor& like) {
  return filled(ids, like, [&](std::uint64_t id, auto* row, std::size_t n) {
    using T = std::decay_t<decltype(*row)>;
    PhiloxCounter bits{};
    for (std::size_t k = 0; k < n; ++k) {
      if (k % 128 == 0) bits = stream.bits(id, draw, static_cast<std::uint32_t>(k / 128));
      row[k] = (bits[k % 128 / 32] >> (k % 32) & 1) != 0 ? T(1) : T(-1);
    }
  });
}

TensorIncrements::TensorIncrements(std::uint64_t seed, SampleIds ids, at::Tensor like)
    : seed_(seed), ids_(std::move(ids)), like_(std::move(like)) {}

at::Tensor TensorIncrements::standard(Purpose purpose, const Step& step) const {
  const RandomStream stream(seed_, purpose);
  return filled(ids_, like_, [&](std::uint64_t id, auto* row, std::size_t n) {
    const auto draws = [&](std::uint64_t draw, std::size_t lane) {
      return normal_pair(stream, id, draw, static_cast<std::uint32_t>(lane));
    };
    fill_step_normals(draws, static_cast<std::uint64_t>(step.index), std::span(row, n));
  });
}

Increment<at::Tensor> TensorIncrements::increment(const Step& step) const {
  return stochflow::detail::scaled(step.h, standard(Purpose::increments, step));
}
SpaceTimeIncrement<at::Tensor> TensorIncrements::space_time_increment(const Step& step) const {
  return stochflow::detail::scaled(
      step.h, standard(Purpose::increments, step), standard(Purpose::space_time_area, step));
}
SpaceTimeTimeIncrement<at::Tensor> TensorIncrements::space_time_time_increment(
    const Step& step) const {
  return stochflow::detail::scaled(step.h,
                                   standard(Purpose::increments, step),
                                   standard(Purpose::space_time_area, step),
                                   standard(Purpose::space_time_time_area, step));
}

namespace {

/// The trajectory that is a sample's own.
FreshIncrements<Vector<double>> trajectory(std::uint64_t seed, std::uint64_t id, std::size_t n) {
  return {seed, id, Vector<double>::Zero(static_cast<Eigen::Index>(n))};
}

template <class T>
void copy(const Vector<double>& values, T* to) {
  for (const double v : values) *to++ = static_cast<T>(v);
}

}  // namespace

TwoPointIncrement<at::Tensor> TensorIncrements::two_point_increment(const Step& step) const {
  return {filled(ids_, like_, [&](std::uint64_t id, auto* row, std::size_t n) {
    copy(trajectory(seed_, id, n).two_point_increment(step).W, row);
  })};
}
ThreePointIncrement<at::Tensor> TensorIncrements::three_point_increment(const Step& step) const {
  const at::Tensor both = at::stack({like_, like_}, 1);  // W and e, [B, 2, ...]
  const at::Tensor drawn = filled(ids_, both, [&](std::uint64_t id, auto* row, std::size_t n) {
    const auto dB = trajectory(seed_, id, n / 2).three_point_increment(step);
    copy(dB.W, row);
    copy(dB.e, row + n / 2);
  });
  return {drawn.select(1, 0), drawn.select(1, 1)};
}

at::Tensor TensorIncrements::bridge_normals(const Step& step, int ordinal) const {
  const auto draw =
      (static_cast<std::uint64_t>(step.index) << 16) + static_cast<std::uint64_t>(ordinal);
  return normals(RandomStream(seed_, Purpose::bridge), ids_, draw, like_);
}

}  // namespace stochflow::diffusion
