// The small writers: NPY, JSON records, HTML pieces, tables, plots.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "apps/support/temporary_folder.hpp"
#include "support/errors.hpp"
#include "support/html.hpp"
#include "support/json.hpp"
#include "support/npy.hpp"
#include "support/output.hpp"
#include "support/plot.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

TEST(Npy, HeaderAndDataFollowTheFormat) {
  const TemporaryFolder folder("npy");
  const std::vector<double> data{1, 2, 3, 4, 5, 6.5};
  write_npy(folder / "a.npy", data.data(), {2, 3});
  const std::string bytes = read_file(folder / "a.npy");
  ASSERT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const auto length =
      static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  EXPECT_EQ((10 + length) % 64, 0U);
  const std::string header = bytes.substr(10, length);
  const std::string text = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, ), }";
  EXPECT_EQ(header.substr(0, text.size()), text);
  EXPECT_EQ(header.back(), '\n');
  ASSERT_EQ(bytes.size(), 10 + length + 6 * sizeof(double));
  double last = 0;
  std::memcpy(&last, bytes.data() + bytes.size() - sizeof last, sizeof last);
  EXPECT_EQ(last, 6.5);
}

TEST(Npy, ReadsWhatItWritesAndRefusesTheRest) {
  const TemporaryFolder folder("npy");
  const std::vector<double> data{1, 2, 3, 4, 5, 6.5};
  const std::vector<float> halves{0.5F, -1.5F};
  write_npy(folder / "a.npy", data.data(), {2, 3});
  write_npy(folder / "b.npy", halves.data(), {2});
  EXPECT_EQ(read_npy(folder / "a.npy").values, data);
  EXPECT_EQ(read_npy(folder / "a.npy").shape, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(read_npy(folder / "b.npy").values, (std::vector<double>{0.5, -1.5}));
  const std::string bytes = read_file(folder / "a.npy");
  const auto refused = [&](std::string changed) {
    write_atomically(folder / "c.npy", changed);
    EXPECT_THROW(read_npy(folder / "c.npy"), std::runtime_error) << changed.substr(0, 80);
  };
  refused("no array");
  refused(bytes.substr(0, bytes.size() - 1));
  refused(bytes.substr(0, 20));
  refused(bytes + "12345678");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = bytes;
    return changed.replace(changed.find(from), from.size(), to);
  };
  refused(replaced("<f8", ">f8"));
  refused(replaced("False", "True "));
}

TEST(Json, ARecordHasEveryPromisedKey) {
  const nlohmann::json record = run_record("simulate", {{"seed", 7}, {"paths", 10}});
  EXPECT_EQ(record.size(), 6U);
  EXPECT_EQ(record.at("command"), "simulate");
  EXPECT_EQ(record.at("seed"), 7);
  EXPECT_EQ(record.at("inputs").at("paths"), 10);
  EXPECT_EQ(record.at("versions").at("stochflow"), version());
  EXPECT_TRUE(record.contains("wall_seconds"));
  EXPECT_TRUE(record.contains("results"));
  EXPECT_TRUE(run_record("x", nlohmann::json::object()).at("seed").is_null());
}

// RFC 4648, section 10.
TEST(Html, Base64MatchesTheStandardsVectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

TEST(Html, MarkupIsEscaped) {
  EXPECT_EQ(escape_html("a<b> & \"'"), "a&lt;b&gt; &amp; &quot;&#39;");
}

TEST(Table, NumbersStandToTheRight) {
  std::ostringstream out;
  out << Table{{"name", "order"}, {{"a", "0.5"}, {"longer", "10.25"}}};
  EXPECT_EQ(out.str(), "name    order\n======  =====\na         0.5\nlonger  10.25\n");
}

TEST(Table, NumbersThatAreNoneStayReadable) {
  EXPECT_EQ(fixed(std::nan(""), 2), "-");
  EXPECT_EQ(fixed(-std::numeric_limits<double>::infinity(), 2), "-inf");
  EXPECT_EQ(fixed(1.005, 1), "1.0");
}

TEST(Progress, DurationsAreReadable) {
  EXPECT_EQ(duration_text(41.6), "42 s");
  EXPECT_EQ(duration_text(185), "3 min 05 s");
  EXPECT_EQ(duration_text(7620), "2 h 07 min");
}

Plot every_mark() {
  const std::vector<double> x{1, 2, 4}, low{0.5, 1, 2}, y{1, 2, 3}, high{2, 3, 5};
  return {.title = "It's a 'test' with a_b^c",
          .x_label = "h",
          .y_label = "Itô error",
          .log_x = true,
          .log_y = true,
          .series = {{"line", Mark::line, x, y},
                     {"dashed", Mark::dashed, x, y},
                     {"points", Mark::points, x, y},
                     {"bars", Mark::error_bars, x, y, low, high},
                     {"band", Mark::band, x, {}, low, high},
                     {"boxes", Mark::boxes, x, y}}};
}

TEST(Plot, SvgHoldsEveryLabel) {
  const TemporaryFolder folder("plot");
  prepare_plot(folder / "new/a.svg");
  write_plot(folder / "new/a.svg", every_mark());
  const std::string svg = read_file(folder / "new/a.svg");
  for (const char* label : {"line", "dashed", "points", "bars", "band", "boxes", "a_b^c", "Itô"}) {
    EXPECT_NE(svg.find(label), std::string::npos) << label;
  }
}

TEST(Plot, PngIsAPng) {
  const TemporaryFolder folder("plot");
  write_plot(folder / "a.png", every_mark());
  EXPECT_EQ(read_file(folder / "a.png").substr(1, 3), "PNG");
}

TEST(Plot, MistakesAreFoundBeforeDrawing) {
  const TemporaryFolder folder("plot");
  EXPECT_THROW(prepare_plot(folder / "a.pdf"), UsageError);
  EXPECT_THROW(write_plot(folder / "a.svg", Plot{}), std::invalid_argument);
  Plot uneven = every_mark();
  uneven.series[0].y.pop_back();
  EXPECT_THROW(write_plot(folder / "a.svg", uneven), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.svg"));
}

TEST(Errors, AnUnknownNameListsTheValidOnes) {
  EXPECT_STREQ(unknown_name("model", "gmb", {"gbm", "ou"}).what(),
               "unknown model 'gmb'; the valid ones are: gbm, ou");
}

}  // namespace
}  // namespace stochflow::apps
