#include "support/npy.hpp"

#include <bit>
#include <cstring>
#include <functional>
#include <numeric>
#include <regex>
#include <stdexcept>
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

template <class T>
std::vector<double> numbers(const char* bytes, std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

}  // namespace

NpyArray read_npy(const std::filesystem::path& file) {
  const std::string bytes = read_file(file);
  const auto fail = [&](const std::string& sentence) -> void {
    throw std::runtime_error(file.string() + ": " + sentence);
  };
  if (bytes.size() < 12 || !bytes.starts_with("\x93NUMPY")) fail("not a .npy file");
  // Version 1 has two bytes of header length, later ones four.
  const std::size_t width = bytes[6] == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = width; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  }
  const std::size_t start = 8 + width + length;
  if (bytes.size() < start) fail("ends within its header");
  const std::string text = bytes.substr(8 + width, length);
  static const std::regex pattern(
      R"('descr':\s*'([^']*)'.*'fortran_order':\s*(\w+).*'shape':\s*\(([^)]*)\))");
  std::smatch found;
  if (!std::regex_search(text, found, pattern)) fail("its header is not understood: " + text);
  if (found[2] != "False") fail("is column-major, expected row-major");
  NpyArray array;
  static const std::regex digits("[0-9]+");
  const std::string extents = found[3];
  for (std::sregex_iterator it(extents.begin(), extents.end(), digits), end; it != end; ++it) {
    array.shape.push_back(std::stoull(it->str()));
  }
  const std::size_t count =
      std::accumulate(array.shape.begin(), array.shape.end(), std::size_t{1}, std::multiplies<>());
  const std::string type = found[1];
  const std::size_t size = type == "<f4" ? 4 : type == "<f8" ? 8 : type == "|u1" ? 1 : 0;
  if (size == 0) fail("holds numbers of type '" + type + "', expected <f4, <f8 or |u1");
  if ((bytes.size() - start) / size != count || (bytes.size() - start) % size != 0) {
    fail("holds " + std::to_string(bytes.size() - start) + " bytes of numbers, expected " +
         std::to_string(count) + " numbers of " + std::to_string(size));
  }
  const char* const data = bytes.data() + start;
  array.values = size == 4   ? numbers<float>(data, count)
                 : size == 8 ? numbers<double>(data, count)
                             : numbers<unsigned char>(data, count);
  return array;
}

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
