#include "support/html.hpp"

#include <cstdint>
#include <stdexcept>

#include "support/output.hpp"

namespace stochflow::apps {

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t k = 0; k < bytes.size(); k += 3) {
    std::uint32_t word = 0;  // three bytes, the first one highest; zeros after the end
    for (std::size_t j = 0; j < 3; ++j) {
      word = word << 8 | (k + j < bytes.size() ? static_cast<unsigned char>(bytes[k + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      result += k + j <= bytes.size() ? digits[word >> (18 - 6 * j) & 63] : '=';
    }
  }
  return result;
}

std::string data_uri(const std::filesystem::path& picture) {
  const std::string ending = picture.extension().string();
  std::string type;
  if (ending == ".png" || ending == ".gif") {
    type = "image/" + ending.substr(1);
  } else if (ending == ".svg") {
    type = "image/svg+xml";
  } else {
    throw std::runtime_error("'" + picture.string() + "' is no .png, .gif or .svg picture");
  }
  return "data:" + type + ";base64," + base64(read_file(picture));
}

}  // namespace stochflow::apps
