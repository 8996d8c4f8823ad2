#include "stochflow/diffusion/nets/modulated_norm.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <stdexcept>

#include "norm_kernel.hpp"

namespace stochflow::diffusion {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr double epsilon = 1e-5;

// Calls body(In{}, Out{}) with the element types of x and y.
template <class Body>
void by_types(at::ScalarType in, at::ScalarType out, const Body& body) {
  const auto second = [&](auto first) {
    if (out == at::kFloat) {
      body(first, float{});
    } else {
      body(first, detail::BrainFloat{});
    }
  };
  if (in == at::kFloat) {
    second(float{});
  } else {
    second(detail::BrainFloat{});
  }
}

template <class T>
T* data(const at::Tensor& t) {
  return static_cast<T*>(t.data_ptr());
}

struct FusedNorm : torch::autograd::Function<FusedNorm> {
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& x_any,
                            const at::Tensor& gain_any,
                            const at::Tensor& offset_any,
                            std::int64_t groups,
                            at::ScalarType out) {
    const at::Tensor x = x_any.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor gain = gain_any.contiguous(), offset = offset_any.contiguous();
    const std::int64_t n = x.size(0), c = x.size(1);
    const detail::NormShape shape{x.size(2) * x.size(3), c, groups, epsilon};
    at::Tensor y = at::empty_like(x, x.options().dtype(out), at::MemoryFormat::ChannelsLast);
    at::Tensor statistics = at::empty({n, 2, groups}, gain.options());
    by_types(x.scalar_type(), out, [&](auto in_type, auto out_type) {
      using In = decltype(in_type);
      using Out = decltype(out_type);
      const std::int64_t size = c * shape.pixels;
      const In* const from = data<In>(x);
      Out* const to = data<Out>(y);
      const float *const g = data<float>(gain), *const o = data<float>(offset);
      float* const s = data<float>(statistics);
      at::parallel_for(0, n, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          float* const mean = s + 2 * groups * i;
          detail::norm_forward(
              shape, from + i * size, g + i * c, o + i * c, to + i * size, mean, mean + groups);
        }
      });
    });
    context->save_for_backward({x, gain, offset, statistics});
    context->saved_data["groups"] = groups;
    return y;
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &gain = saved[1], &offset = saved[2], &statistics = saved[3];
    const std::int64_t groups = context->saved_data["groups"].toInt();
    const at::Tensor by_y = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const std::int64_t n = x.size(0), c = x.size(1);
    const detail::NormShape shape{x.size(2) * x.size(3), c, groups, epsilon};
    at::Tensor by_x = at::empty_like(x), by_gain = at::empty_like(gain),
               by_offset = at::empty_like(offset);
    by_types(x.scalar_type(), by_y.scalar_type(), [&](auto in_type, auto out_type) {
      using In = decltype(in_type);
      using Out = decltype(out_type);
      const std::int64_t size = c * shape.pixels;
      const In* const from = data<In>(x);
      const Out* const dy = data<Out>(by_y);
      In* const dx = data<In>(by_x);
      const float *const g = data<float>(gain), *const o = data<float>(offset);
      const float* const s = data<float>(statistics);
      float *const dg = data<float>(by_gain), *const d_offset = data<float>(by_offset);
      at::parallel_for(0, n, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const float* const mean = s + 2 * groups * i;
          detail::norm_backward(shape,
                                from + i * size,
                                g + i * c,
                                o + i * c,
                                mean,
                                mean + groups,
                                dy + i * size,
                                dx + i * size,
                                dg + i * c,
                                d_offset + i * c);
        }
      });
    });
    return {by_x, by_gain, by_offset, at::Tensor(), at::Tensor()};
  }
};

bool kernel_type(at::ScalarType type) { return type == at::kFloat || type == at::kBFloat16; }

void check_shapes(const at::Tensor& x,
                  const at::Tensor& gain,
                  const at::Tensor& offset,
                  std::int64_t groups) {
  const bool modulation = gain.dim() == 2 && offset.sizes() == gain.sizes();
  if (x.dim() != 4 || !modulation || gain.size(0) != x.size(0) || gain.size(1) != x.size(1) ||
      groups < 1 || x.size(1) % groups != 0) {
    throw std::invalid_argument(
        "modulated_norm_silu needs x [N, C, H, W], gain and offset [N, C] and a number of groups "
        "that divides C");
  }
}

}  // namespace

at::Tensor modulated_norm_silu(const at::Tensor& x,
                               const at::Tensor& gain,
                               const at::Tensor& offset,
                               std::int64_t groups,
                               at::ScalarType out) {
  check_shapes(x, gain, offset, groups);
  const bool fused = x.is_cpu() && kernel_type(x.scalar_type()) && kernel_type(out) &&
                     gain.scalar_type() == at::kFloat && offset.scalar_type() == at::kFloat;
  if (!fused) return modulated_norm_silu_composed(x, gain, offset, groups, out);
  return FusedNorm::apply(x, gain, offset, groups, out);
}

at::Tensor modulated_norm_silu_composed(const at::Tensor& x,
                                        const at::Tensor& gain,
                                        const at::Tensor& offset,
                                        std::int64_t groups,
                                        at::ScalarType out) {
  check_shapes(x, gain, offset, groups);
  const auto spread = [](const at::Tensor& t) { return t.unsqueeze(-1).unsqueeze(-1); };
  const at::Tensor wide = x.to(gain.scalar_type());
  const at::Tensor grouped = wide.reshape({x.size(0), groups, -1});
  const at::Tensor centred = grouped - grouped.mean(-1, true);
  const at::Tensor normal =
      (centred * at::rsqrt(centred.square().mean(-1, true) + epsilon)).reshape(x.sizes());
  return at::silu(normal * spread(gain) + spread(offset)).to(out);
}

}  // namespace stochflow::diffusion
