#pragma once

// Curves, points with error bars and filled bands, drawn by gnuplot: one description, written as
// SVG or PNG according to the file's ending. For pictures made of pixels use support/image.hpp.

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace stochflow::apps {

/// faint: a thin grey line, for what is there but not meant.
enum class Mark { line, dashed, points, error_bars, band, boxes, faint };

enum class Legend { top_right, top_left, bottom_right, bottom_left, below, listed_below };

/// One curve. `low` and `high` belong to error_bars and band only; a band has no `y`. Points that
/// are not finite are left out.
struct Series {
  std::string label;  // empty: not in the legend
  Mark mark = Mark::line;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> low = {};
  std::vector<double> high = {};
  int colour = 0;  // index into the palette; series that belong together share one
};

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool log_x = false;
  bool log_y = false;
  std::vector<Series> series = {};
  Legend legend = Legend::top_right;
  int width = 900;
  int height = 560;
};

/// Checks, before any computing, that the ending is .svg or .png, that the folder can be written to
/// and that gnuplot is there. Throws UsageError or std::runtime_error.
void prepare_plot(const std::filesystem::path& file);

/// Throws std::invalid_argument for series of unequal lengths, std::runtime_error when gnuplot
/// fails.
void write_plot(const std::filesystem::path& file, const Plot& plot);
/// Several plots of one size on one sheet, row by row.
void write_plots(const std::filesystem::path& file, const std::vector<Plot>& plots, int columns);

}  // namespace stochflow::apps
