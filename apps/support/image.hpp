#pragma once

// Grey pictures as the commands write them: PNG (libpng) for grids, animated GIF (giflib) for
// trajectories. For curves use support/plot.hpp.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stochflow::apps {

/// Rows from top to bottom, 0 black to 255 white; pixels.size() == width * height.
struct GreyImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  GreyImage() = default;
  GreyImage(int width, int height, std::uint8_t level = 0);
  GreyImage(int width, int height, std::vector<std::uint8_t> pixels);
  std::uint8_t& at(int row, int column) { return pixels[index(row, column)]; }
  std::uint8_t at(int row, int column) const { return pixels[index(row, column)]; }

 private:
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(column);
  }
};

/// The images row by row on a grid of `columns`, `gap` grey pixels apart. All must have one size.
GreyImage tile(const std::vector<GreyImage>& images, int columns, int gap = 2);

/// Every pixel repeated factor x factor times: a 28x28 digit is small on today's screens.
GreyImage enlarge(const GreyImage& image, int factor);

/// 8-bit grey PNG as bytes; write_png puts them into a file at one stroke.
std::string encode_png(const GreyImage& image);
void write_png(const std::filesystem::path& file, const GreyImage& image);

/// An endlessly repeated animation; all frames must have one size. The last frame stays for
/// `hold_centiseconds`.
void write_gif(const std::filesystem::path& file,
               const std::vector<GreyImage>& frames,
               int delay_centiseconds,
               int hold_centiseconds = 200);

}  // namespace stochflow::apps
