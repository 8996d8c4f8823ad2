#pragma once

// The pieces of a self-contained web page: escaped text and pictures as data URIs.

#include <filesystem>
#include <string>
#include <string_view>

namespace stochflow::apps {

/// & < > " ' as entities.
std::string escape_html(std::string_view text);

std::string base64(std::string_view bytes);

/// "data:image/png;base64,..." for a .png, .gif or .svg file; throws std::runtime_error otherwise.
std::string data_uri(const std::filesystem::path& picture);

}  // namespace stochflow::apps
