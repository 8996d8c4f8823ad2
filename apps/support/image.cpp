#include "support/image.hpp"

#include <gif_lib.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include "support/output.hpp"

namespace stochflow::apps {
namespace {

std::string size_text(const Image& image) {
  return std::to_string(image.width) + "x" + std::to_string(image.height) + "x" +
         std::to_string(image.channels);
}

void check_one_size(const std::vector<Image>& images) {
  if (images.empty()) throw std::invalid_argument("no images to write");
  for (const Image& image : images) {
    if (image.width != images[0].width || image.height != images[0].height ||
        image.channels != images[0].channels) {
      throw std::invalid_argument("images of one size are needed, found " + size_text(images[0]) +
                                  " and " + size_text(image));
    }
  }
}

std::runtime_error gif_error(int code) {
  const char* text = GifErrorString(code);
  return std::runtime_error(std::string("cannot write GIF: ") + (text ? text : "unknown error"));
}

/// "Repeat for ever" and the frame's delay, as the GIF89a extensions of each frame.
void put_loop(GifFileType* gif) {
  const std::array<unsigned char, 3> forever{1, 0, 0};
  if (EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR ||
      EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") == GIF_ERROR ||
      EGifPutExtensionBlock(gif, 3, forever.data()) == GIF_ERROR ||
      EGifPutExtensionTrailer(gif) == GIF_ERROR) {
    throw gif_error(gif->Error);
  }
}

using Palette = std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)>;

Palette grey_palette() {
  std::array<GifColorType, 256> greys;
  for (std::size_t k = 0; k < greys.size(); ++k) {
    const auto level = static_cast<GifByteType>(k);
    greys[k] = {level, level, level};
  }
  return {GifMakeMapObject(256, greys.data()), GifFreeMapObject};
}

// Equally spaced shades of red, green and blue, of which the eye tells most of green.
constexpr std::array<int, 3> shades{6, 7, 6};

Palette colour_palette() {
  std::array<GifColorType, 256> colours{};
  std::size_t k = 0;
  const auto level = [](int shade, int of) {
    return static_cast<GifByteType>((255 * shade + (of - 1) / 2) / (of - 1));
  };
  for (int red = 0; red < shades[0]; ++red) {
    for (int green = 0; green < shades[1]; ++green) {
      for (int blue = 0; blue < shades[2]; ++blue) {
        colours[k++] = {level(red, shades[0]), level(green, shades[1]), level(blue, shades[2])};
      }
    }
  }
  return {GifMakeMapObject(256, colours.data()), GifFreeMapObject};
}

/// A pixel's number in the palette.
GifByteType palette_index(const Image& image, int row, int column) {
  if (image.channels == 1) return image.at(row, column);
  int index = 0;
  for (int c = 0; c < 3; ++c) {
    const int steps = shades[static_cast<std::size_t>(c)] - 1;
    index = index * (steps + 1) + (image.at(row, column, c) * steps + 127) / 255;
  }
  return static_cast<GifByteType>(index);
}

void put_frame(GifFileType* gif, const Image& frame, int delay_centiseconds) {
  const GraphicsControlBlock control{.DisposalMode = DISPOSE_DO_NOT,
                                     .UserInputFlag = false,
                                     .DelayTime = delay_centiseconds,
                                     .TransparentColor = NO_TRANSPARENT_COLOR};
  std::array<GifByteType, 4> extension{};
  EGifGCBToExtension(&control, extension.data());
  if (EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, extension.data()) == GIF_ERROR ||
      EGifPutImageDesc(gif, 0, 0, frame.width, frame.height, false, nullptr) == GIF_ERROR) {
    throw gif_error(gif->Error);
  }
  // giflib takes a line as mutable and leaves it as it was.
  std::vector<std::uint8_t> line(static_cast<std::size_t>(frame.width));
  for (int row = 0; row < frame.height; ++row) {
    for (int column = 0; column < frame.width; ++column) {
      line[static_cast<std::size_t>(column)] = palette_index(frame, row, column);
    }
    if (EGifPutLine(gif, line.data(), frame.width) == GIF_ERROR) throw gif_error(gif->Error);
  }
}

void write_frames(GifFileType* gif,
                  const std::vector<Image>& frames,
                  int delay_centiseconds,
                  int hold_centiseconds) {
  const Palette palette = frames[0].channels == 1 ? grey_palette() : colour_palette();
  EGifSetGifVersion(gif, true);
  if (EGifPutScreenDesc(gif, frames[0].width, frames[0].height, 8, 0, palette.get()) == GIF_ERROR) {
    throw gif_error(gif->Error);
  }
  put_loop(gif);
  for (const Image& frame : frames) {
    put_frame(gif, frame, &frame == &frames.back() ? hold_centiseconds : delay_centiseconds);
  }
}

}  // namespace

Image::Image(int width, int height, std::uint8_t level, int channels)
    : Image(width,
            height,
            std::vector<std::uint8_t>(static_cast<std::size_t>(width) *
                                          static_cast<std::size_t>(height) *
                                          static_cast<std::size_t>(channels),
                                      level),
            channels) {}

Image::Image(int w, int h, std::vector<std::uint8_t> p, int c)
    : width(w), height(h), channels(c), pixels(std::move(p)) {
  const auto expected =
      static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * static_cast<std::size_t>(c);
  if (w <= 0 || h <= 0 || (c != 1 && c != 3) || pixels.size() != expected) {
    throw std::invalid_argument("an image of " + size_text(*this) + " cannot have " +
                                std::to_string(pixels.size()) + " values");
  }
}

Image tile(const std::vector<Image>& images, int columns, int gap) {
  check_one_size(images);
  if (columns < 1 || gap < 0) {
    throw std::invalid_argument("a grid needs at least one column and a gap of 0 or more");
  }
  const int width = images[0].width, height = images[0].height;
  const int count = static_cast<int>(images.size());
  columns = std::min(columns, count);
  const int rows = (count + columns - 1) / columns;
  Image grid(columns * (width + gap) + gap, rows * (height + gap) + gap, 96, images[0].channels);
  for (int k = 0; k < count; ++k) {
    const int top = gap + (k / columns) * (height + gap);
    const int left = gap + (k % columns) * (width + gap);
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        for (int c = 0; c < grid.channels; ++c) {
          grid.at(top + row, left + column, c) =
              images[static_cast<std::size_t>(k)].at(row, column, c);
        }
      }
    }
  }
  return grid;
}

Image enlarge(const Image& image, int factor) {
  if (factor < 1) throw std::invalid_argument("the factor of an enlargement must be 1 or more");
  Image large(image.width * factor, image.height * factor, 0, image.channels);
  for (int row = 0; row < large.height; ++row) {
    for (int column = 0; column < large.width; ++column) {
      for (int c = 0; c < image.channels; ++c) {
        large.at(row, column, c) = image.at(row / factor, column / factor, c);
      }
    }
  }
  return large;
}

std::string encode_png(const Image& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(
          &header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr)) {
    throw std::runtime_error(std::string("cannot write PNG: ") + header.message);
  }
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& file, const Image& image) {
  write_atomically(file, encode_png(image));
}

void write_gif(const std::filesystem::path& file,
               const std::vector<Image>& frames,
               int delay_centiseconds,
               int hold_centiseconds) {
  check_one_size(frames);
  // Into memory, since giflib's own files are readable by their owner only.
  std::string bytes;
  const OutputFunc append = [](GifFileType* gif, const GifByteType* data, int size) {
    static_cast<std::string*>(gif->UserData)
        ->append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    return size;
  };
  int error = 0;
  GifFileType* gif = EGifOpen(&bytes, append, &error);
  if (!gif) throw gif_error(error);
  try {
    write_frames(gif, frames, delay_centiseconds, hold_centiseconds);
  } catch (...) {
    EGifCloseFile(gif, nullptr);
    throw;
  }
  if (EGifCloseFile(gif, &error) == GIF_ERROR) throw gif_error(error);
  write_atomically(file, bytes);
}

}  // namespace stochflow::apps
