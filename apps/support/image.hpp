#pragma once

// Pictures, grey or in colours, as the commands write them: PNG (libpng) for grids, animated GIF
// (giflib) for trajectories. For curves use support/plot.hpp.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stochflow::apps {

/// Rows from top to bottom, 0 black to 255 white; a pixel is one grey level, or red, green and blue
/// side by side. pixels.size() == width * height * channels.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 1;  // 1 or 3
  std::vector<std::uint8_t> pixels;

  Image() = default;
  /// All of one level.
  Image(int width, int height, std::uint8_t level = 0, int channels = 1);
  Image(int width, int height, std::vector<std::uint8_t> pixels, int channels = 1);
  std::uint8_t& at(int row, int column, int channel = 0) {
    return pixels[index(row, column, channel)];
  }
  std::uint8_t at(int row, int column, int channel = 0) const {
    return pixels[index(row, column, channel)];
  }

 private:
  std::size_t index(int row, int column, int channel) const {
    const auto pixel = static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                       static_cast<std::size_t>(column);
    return pixel * static_cast<std::size_t>(channels) + static_cast<std::size_t>(channel);
  }
};

/// The images row by row on a grid of `columns`, `gap` grey pixels apart. All must have one size
/// and as many channels.
Image tile(const std::vector<Image>& images, int columns, int gap = 2);

/// Every pixel repeated factor x factor times: a 28x28 digit is small on today's screens.
Image enlarge(const Image& image, int factor);

/// PNG with 8 bits a channel, as bytes; write_png puts them into a file at one stroke.
std::string encode_png(const Image& image);
void write_png(const std::filesystem::path& file, const Image& image);

/// An endlessly repeated animation; all frames must have one size. The last frame stays for
/// `hold_centiseconds`. Grey levels are kept; of colours a GIF has 256, here the nearest of 6 x 7
/// x 6.
void write_gif(const std::filesystem::path& file,
               const std::vector<Image>& frames,
               int delay_centiseconds,
               int hold_centiseconds = 200);

}  // namespace stochflow::apps
