#pragma once

// Reader for IDX, the format of the MNIST files: a big-endian header, then bytes. Strict: a file
// that is not exactly what its header says is refused with one sentence. Plain or gzip; told apart
// by content, not by name. Only unsigned bytes, the one element type these data sets use.
// Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stochflow::diffusion {

struct IdxArray {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;  // row-major
};

/// Throws std::runtime_error for a file that cannot be read, has another magic number, another
/// number of dimensions than `dimensions`, an empty or impossibly large shape, too few bytes or
/// bytes left over.
IdxArray read_idx(const std::filesystem::path& file, std::size_t dimensions);

/// The same from the file's bytes; `name` is used in messages.
IdxArray parse_idx(const std::string& bytes, std::size_t dimensions, const std::string& name);

}  // namespace stochflow::diffusion
