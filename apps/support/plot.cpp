#include "support/plot.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <locale>
#include <sstream>
#include <stdexcept>

#include "support/errors.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

// Okabe and Ito's palette: told apart by the colour-blind, and in print.
constexpr std::array<const char*, 8> palette{
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555", "#B8A800"};

bool is_svg(const std::filesystem::path& file) { return file.extension() == ".svg"; }

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\n') continue;
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

// A symbol of its own for each colour, for print and for curves that lie on each other.
constexpr std::array<int, 8> symbols{7, 5, 9, 13, 11, 6, 4, 8};

std::string style(const Series& series) {
  const auto index = static_cast<std::size_t>(series.colour) % palette.size();
  const std::string symbol = " pt " + std::to_string(symbols[index]) + " ";
  const std::string colour = "lc rgb '" + std::string(palette[index]) + "'";
  switch (series.mark) {
    case Mark::line:
      return "using 1:2 with lines lw 2 " + colour;
    case Mark::dashed:
      return "using 1:2 with lines lw 1.5 dt 2 " + colour;
    case Mark::points:
      return "using 1:2 with points ps 0.8" + symbol + colour;
    case Mark::error_bars:
      return "using 1:2:3:4 with yerrorbars ps 0.8 lw 1.5" + symbol + colour;
    case Mark::band:
      return "using 1:3:4 with filledcurves fs transparent solid 0.2 noborder " + colour;
    case Mark::faint:
      return "using 1:2 with lines lw 0.7 lc rgb '#c4c4c4'";
    case Mark::boxes:
      return "using 1:2 with boxes fs transparent solid 0.45 noborder " + colour;
  }
  throw std::logic_error("a mark without a style");
}

const char* place(Legend legend) {
  switch (legend) {
    case Legend::top_right:
      return "inside right top";
    case Legend::top_left:
      return "inside left top";
    case Legend::bottom_right:
      return "inside right bottom";
    case Legend::bottom_left:
      return "inside left bottom";
    case Legend::below:
      return "outside below";
    case Legend::listed_below:
      return "outside below maxcols 1 width -4";
  }
  throw std::logic_error("a legend without a place");
}

void check(const Series& series) {
  const std::size_t n = series.x.size();
  const bool needs_y = series.mark != Mark::band;
  const bool needs_range = series.mark == Mark::band || series.mark == Mark::error_bars;
  if ((needs_y && series.y.size() != n) ||
      (needs_range && (series.low.size() != n || series.high.size() != n))) {
    throw std::invalid_argument("the series '" + series.label + "' has " + std::to_string(n) +
                                " abscissae and another number of ordinates");
  }
}

/// x y low high, a line each, as an inline block of gnuplot's.
void put_data(std::ostream& out, const Series& series, std::size_t number) {
  out << "$series" << number << " << END\n";
  for (std::size_t k = 0; k < series.x.size(); ++k) {
    const double y = series.y.empty() ? series.low[k] : series.y[k];
    const double low = series.low.empty() ? y : series.low[k];
    const double high = series.high.empty() ? y : series.high[k];
    if (!std::isfinite(series.x[k] + y + low + high)) continue;
    out << series.x[k] << ' ' << y << ' ' << low << ' ' << high << '\n';
  }
  out << "END\n";
}

/// A logarithmic axis that ends a little beyond the data; gnuplot's own would run to whole decades.
void put_log_axis(std::ostream& out, char axis, const Plot& plot, double margin) {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const Series& series : plot.series) {
    for (const auto* values : {&series.x, &series.y, &series.low, &series.high}) {
      if ((values == &series.x) != (axis == 'x')) continue;
      for (const double value : *values) {
        if (!(value > 0) || !std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  out << "set logscale " << axis << "\nset format " << axis << " '%.0e'\n";
  if (high > 0) {
    out << "set " << axis << "range [" << low / margin << ":" << high * margin << "]\n";
  }
}

void put_plot(std::ostream& out, const Plot& plot) {
  out << "reset\n";
  out << "set title " << quoted(plot.title) << '\n';
  // With an empty line after it, because gnuplot sets a legend below right under it.
  const bool above_legend = plot.legend == Legend::below || plot.legend == Legend::listed_below;
  out << "set xlabel " << quoted(plot.x_label) << (above_legend ? ".\"\\n \"" : "")
      << "\nset ylabel " << quoted(plot.y_label) << '\n';
  out << "set border 3 lc rgb '#888888'\nset tics nomirror textcolor rgb '#333333'\n";
  out << "set grid lc rgb '#cccccc'\nset rmargin 4\n";
  out << "set key samplen 1.5 " << place(plot.legend) << '\n';
  if (plot.log_x) put_log_axis(out, 'x', plot, 1.4);
  if (plot.log_y) put_log_axis(out, 'y', plot, 2);
  for (std::size_t k = 0; k < plot.series.size(); ++k) put_data(out, plot.series[k], k);
  out << "plot ";
  for (std::size_t k = 0; k < plot.series.size(); ++k) {
    const Series& series = plot.series[k];
    out << (k ? ", " : "") << "$series" << k << ' ' << style(series)
        << (series.label.empty() ? std::string(" notitle") : " title " + quoted(series.label));
  }
  out << '\n';
}

std::string script(const std::vector<Plot>& plots,
                   int columns,
                   const std::filesystem::path& output,
                   bool svg) {
  const int count = static_cast<int>(plots.size());
  columns = std::min(columns, count);
  const int rows = (count + columns - 1) / columns;
  const int width = plots[0].width * columns, height = plots[0].height * rows;
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(12);
  out << "set encoding utf8\n";
  if (svg) {
    out << "set terminal svg noenhanced dynamic size " << width << ',' << height
        << " font 'Helvetica,15' background '#ffffff'\n";
  } else {
    out << "set terminal pngcairo noenhanced size " << 2 * width << ',' << 2 * height
        << " font 'Helvetica,15' fontscale 1.8 linewidth 2 pointscale 2 background '#ffffff'\n";
  }
  out << "set output " << quoted(output.string()) << '\n';
  out << "set multiplot layout " << rows << ',' << columns << '\n';
  for (const Plot& plot : plots) put_plot(out, plot);
  out << "unset multiplot\nunset output\n";
  return std::move(out).str();
}

void check_ending(const std::filesystem::path& file) {
  if (!is_svg(file) && file.extension() != ".png") {
    throw UsageError("a plot's file name must end in .svg or .png, found '" +
                     file.filename().string() + "'");
  }
}

}  // namespace

void prepare_plot(const std::filesystem::path& file) {
  check_ending(file);
  prepare_output(file);
  if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
    throw std::runtime_error(
        "plots are drawn by gnuplot, which is not installed: "
        "apt-get install gnuplot-nox");
  }
}

void write_plot(const std::filesystem::path& file, const Plot& plot) {
  write_plots(file, {plot}, 1);
}

void write_plots(const std::filesystem::path& file, const std::vector<Plot>& plots, int columns) {
  check_ending(file);
  if (plots.empty() || columns < 1) throw std::invalid_argument("no plots to write");
  for (const Plot& plot : plots) {
    if (plot.series.empty()) {
      throw std::invalid_argument("the plot '" + plot.title + "' has nothing to show");
    }
    for (const Series& series : plot.series) check(series);
  }
  write_atomically_with(file, [&](const std::filesystem::path& temporary) {
    const std::string text = script(plots, columns, temporary, is_svg(file));
    std::FILE* gnuplot = ::popen("gnuplot 2>/dev/null", "w");
    if (!gnuplot) throw std::runtime_error("cannot start gnuplot");
    const bool sent = std::fwrite(text.data(), 1, text.size(), gnuplot) == text.size();
    const int status = ::pclose(gnuplot);
    if (!sent || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
        !std::filesystem::exists(temporary)) {
      throw std::runtime_error("gnuplot could not draw '" + file.filename().string() + "'");
    }
  });
}

}  // namespace stochflow::apps
