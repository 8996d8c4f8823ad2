#include "stochflow/diffusion/data/idx.hpp"

#include <zlib.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace stochflow::diffusion {
namespace {

constexpr std::int64_t largest_file = std::int64_t{1} << 31;

[[noreturn]] void fail(const std::string& name, const std::string& sentence) {
  throw std::runtime_error(name + ": " + sentence);
}

// zlib's reader passes plain files through unchanged.
std::string read_plain_or_gzip(const std::filesystem::path& path) {
  const std::string name = path.string();
  if (!std::filesystem::is_regular_file(path)) fail(name, "there is no such file");
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(name.c_str(), "rb"), gzclose);
  if (!file) fail(name, "the file cannot be opened");
  std::string bytes;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const int n = gzread(file.get(), buffer.data(), buffer.size());
    if (n == 0) break;
    if (n < 0) fail(name, "the gzip data is damaged; fetch the file again");
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
    if (static_cast<std::int64_t>(bytes.size()) > largest_file) {
      fail(name, "more than 2 GiB, which no IDX data set of images is");
    }
  }
  int status = Z_OK;
  gzerror(file.get(), &status);
  if (status != Z_OK) fail(name, "the gzip data ends too early; fetch the file again");
  return bytes;
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

}  // namespace

IdxArray parse_idx(const std::string& bytes, std::size_t dimensions, const std::string& name) {
  const std::size_t header = 4 + 4 * dimensions;
  if (bytes.size() < 4) fail(name, "too short to be an IDX file");
  const std::uint32_t magic = big_endian(bytes, 0);
  const std::uint32_t expected = 0x0800 + static_cast<std::uint32_t>(dimensions);
  if (magic != expected) {
    fail(name,
         "magic number " + std::to_string(magic) + " found, " + std::to_string(expected) +
             " expected (IDX, unsigned bytes, " + std::to_string(dimensions) + " dimensions)");
  }
  if (bytes.size() < header) fail(name, "the IDX header is cut off");
  IdxArray array;
  std::int64_t size = 1;
  for (std::size_t d = 0; d < dimensions; ++d) {
    const std::int64_t n = big_endian(bytes, 4 + 4 * d);
    if (n == 0 || n > largest_file / size) {
      fail(name, "impossible dimension " + std::to_string(n) + " in the IDX header");
    }
    array.shape.push_back(n);
    size *= n;
  }
  const auto found = static_cast<std::int64_t>(bytes.size() - header);
  if (found != size) {
    fail(name,
         std::string(found < size ? "truncated" : "bytes left over") + ": the header announces " +
             std::to_string(size) + " bytes of data, the file has " + std::to_string(found));
  }
  array.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
  return array;
}

IdxArray read_idx(const std::filesystem::path& file, std::size_t dimensions) {
  return parse_idx(read_plain_or_gzip(file), dimensions, file.string());
}

}  // namespace stochflow::diffusion
