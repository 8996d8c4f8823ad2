#include "support/picture_or_numbers.hpp"

#include <gtest/gtest.h>

#include "apps/support/temporary_folder.hpp"
#include "support/errors.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

TEST(PictureOrNumbers, EachEndingGetsWhatItAsksFor) {
  const TemporaryFolder folder("picture");
  const std::vector<std::string> files{(folder / "new/a.png").string(),
                                       (folder / "b.npy").string()};
  prepare_pictures_or_numbers(files);
  const Image picture(3, 2, 77);
  write_picture_or_numbers(files, picture, {{2, 2}, {1, 0.5F, -1, 0.25F}});
  EXPECT_EQ(read_file(files[0]), encode_png(picture));
  const NpyArray numbers = read_npy(files[1]);
  EXPECT_EQ(numbers.shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(numbers.values, (std::vector<double>{1, 0.5, -1, 0.25}));
  EXPECT_THROW(prepare_pictures_or_numbers({files[0], "a.jpg"}), UsageError);
}

}  // namespace
}  // namespace stochflow::apps
