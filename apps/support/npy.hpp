#pragma once

// NumPy's .npy format, version 1.0, little-endian and row-major: what `numpy.load` reads.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace stochflow::apps {

/// `data` holds the product of `shape` numbers, the last axis fastest. Throws std::runtime_error.
void write_npy(const std::filesystem::path& file,
               const double* data,
               const std::vector<std::size_t>& shape);
void write_npy(const std::filesystem::path& file,
               const float* data,
               const std::vector<std::size_t>& shape);

/// An array ready to be written.
struct Numbers {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};
inline void write_npy(const std::filesystem::path& file, const Numbers& array) {
  write_npy(file, array.values.data(), array.shape);
}

struct NpyArray {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

/// float32, float64 and uint8 arrays, row-major. Throws std::runtime_error saying what else it
/// found.
NpyArray read_npy(const std::filesystem::path& file);

}  // namespace stochflow::apps
