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

std::string size_text(const GreyImage& image) {
  return std::to_string(image.width) + "x" + std::to_string(image.height);
}

void check_one_size(const std::vector<GreyImage>& images) {
  if (images.empty()) throw std::invalid_argument("no images to write");
  for (const GreyImage& image : images) {
    if (image.width != images[0].width || image.height != images[0].height) {
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

void put_frame(GifFileType* gif, const GreyImage& frame, int delay_centiseconds) {
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
    std::copy_n(frame.pixels.begin() + static_cast<std::ptrdiff_t>(row) * frame.width,
                frame.width,
                line.begin());
    if (EGifPutLine(gif, line.data(), frame.width) == GIF_ERROR) throw gif_error(gif->Error);
  }
}

std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)> grey_palette() {
  std::array<GifColorType, 256> greys;
  for (std::size_t k = 0; k < greys.size(); ++k) {
    const auto level = static_cast<GifByteType>(k);
    greys[k] = {level, level, level};
  }
  return {GifMakeMapObject(256, greys.data()), GifFreeMapObject};
}

void write_frames(GifFileType* gif,
                  const std::vector<GreyImage>& frames,
                  int delay_centiseconds,
                  int hold_centiseconds) {
  const auto palette = grey_palette();
  EGifSetGifVersion(gif, true);
  if (EGifPutScreenDesc(gif, frames[0].width, frames[0].height, 8, 0, palette.get()) == GIF_ERROR) {
    throw gif_error(gif->Error);
  }
  put_loop(gif);
  for (const GreyImage& frame : frames) {
    put_frame(gif, frame, &frame == &frames.back() ? hold_centiseconds : delay_centiseconds);
  }
}

}  // namespace

GreyImage::GreyImage(int width, int height, std::uint8_t level)
    : GreyImage(width,
                height,
                std::vector<std::uint8_t>(
                    static_cast<std::size_t>(width) * static_cast<std::size_t>(height), level)) {}

GreyImage::GreyImage(int w, int h, std::vector<std::uint8_t> p)
    : width(w), height(h), pixels(std::move(p)) {
  const auto expected = static_cast<std::size_t>(w) * static_cast<std::size_t>(h);
  if (w <= 0 || h <= 0 || pixels.size() != expected) {
    throw std::invalid_argument("an image of " + size_text(*this) + " cannot have " +
                                std::to_string(pixels.size()) + " pixels");
  }
}

GreyImage tile(const std::vector<GreyImage>& images, int columns, int gap) {
  check_one_size(images);
  if (columns < 1 || gap < 0) {
    throw std::invalid_argument("a grid needs at least one column and a gap of 0 or more");
  }
  const int width = images[0].width, height = images[0].height;
  const int count = static_cast<int>(images.size());
  columns = std::min(columns, count);
  const int rows = (count + columns - 1) / columns;
  GreyImage grid(columns * (width + gap) + gap, rows * (height + gap) + gap, 96);
  for (int k = 0; k < count; ++k) {
    const int top = gap + (k / columns) * (height + gap);
    const int left = gap + (k % columns) * (width + gap);
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        grid.at(top + row, left + column) = images[static_cast<std::size_t>(k)].at(row, column);
      }
    }
  }
  return grid;
}

GreyImage enlarge(const GreyImage& image, int factor) {
  if (factor < 1) throw std::invalid_argument("the factor of an enlargement must be 1 or more");
  GreyImage large(image.width * factor, image.height * factor);
  for (int row = 0; row < large.height; ++row) {
    for (int column = 0; column < large.width; ++column) {
      large.at(row, column) = image.at(row / factor, column / factor);
    }
  }
  return large;
}

std::string encode_png(const GreyImage& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(
          &header, bytes.data(), &size, 0, image.pixels.data(), image.width, nullptr)) {
    throw std::runtime_error(std::string("cannot write PNG: ") + header.message);
  }
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& file, const GreyImage& image) {
  write_atomically(file, encode_png(image));
}

void write_gif(const std::filesystem::path& file,
               const std::vector<GreyImage>& frames,
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
