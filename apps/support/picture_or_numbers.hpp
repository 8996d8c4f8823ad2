#pragma once

// `--out a.png,a.npy`: images as a picture to look at and as the numbers they are.

#include <string>
#include <vector>

#include "support/image.hpp"
#include "support/npy.hpp"

namespace stochflow::apps {

/// Calls prepare_output for each file. Throws UsageError when one ends neither in .png nor in .npy.
void prepare_pictures_or_numbers(const std::vector<std::string>& files);

/// What each file's ending asks for.
void write_picture_or_numbers(const std::vector<std::string>& files,
                              const Image& picture,
                              const Numbers& numbers);

}  // namespace stochflow::apps
