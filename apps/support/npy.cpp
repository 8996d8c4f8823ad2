#include "support/npy.hpp"

#include <bit>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>

#include "support/output.hpp"

namespace stochflow::apps {
namespace {

static_assert(std::endian::native == std::endian::little, "the header below says '<'");

std::string header(std::string_view type, const std::vector<std::size_t>& shape) {
  std::string text = "{'descr': '<" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t n : shape) text += std::to_string(n) + ", ";
  text += "), }";
  // Magic (6), version (2) and length (2) come before the text; all together fill blocks of 64.
  const std::size_t total = (10 + text.size() + 1 + 63) / 64 * 64;
  text.resize(total - 11, ' ');
  text += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(text.size() & 0xFF);
  bytes += static_cast<char>(text.size() >> 8);
  return bytes + text;
}

template <class T>
void write(const std::filesystem::path& file,
           std::string_view type,
           const T* data,
           const std::vector<std::size_t>& shape) {
  const std::size_t count =
      std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
  std::string bytes = header(type, shape);
  bytes.append(reinterpret_cast<const char*>(data), count * sizeof(T));
  write_atomically(file, bytes);
}

}  // namespace

void write_npy(const std::filesystem::path& file,
               const double* data,
               const std::vector<std::size_t>& shape) {
  write(file, "f8", data, shape);
}

void write_npy(const std::filesystem::path& file,
               const float* data,
               const std::vector<std::size_t>& shape) {
  write(file, "f4", data, shape);
}

}  // namespace stochflow::apps
