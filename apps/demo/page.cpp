#include "demo/page.hpp"

#include "support/html.hpp"

namespace stochflow::apps {
namespace {

constexpr const char* style = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fbfbf9; --card: #ffffff;
  --quiet: #5b6470; --line: #d9dce1; --accent: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #14171a; --card: #1d2125; --quiet: #9aa4b0; --line: #363c43;
    --accent: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: clamp(1.7rem, 5vw, 2.5rem); line-height: 1.15; margin: .5rem 0 .75rem; }
h2 { font-size: clamp(1.2rem, 3.5vw, 1.5rem); line-height: 1.25; margin: 3rem 0 .5rem;
  padding-top: 1rem; border-top: 1px solid var(--line); }
p { max-width: 44rem; margin: .6rem 0; }
.wide { overflow-x: auto; margin: 1rem 0; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
th, td { padding: .3rem .7rem .3rem 0; text-align: left; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
.number { text-align: right; }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
  padding: .5rem .75rem; font-size: .85rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  overflow: hidden; }
figure img { display: block; width: 100%; height: auto; }
figure img.pixels { image-rendering: pixelated; }
figcaption { padding: .5rem .75rem; color: var(--quiet); font-size: .88rem; line-height: 1.4; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr));
  gap: 1rem; margin: 1rem 0; align-items: start; }
.thirds { grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
.failure { border-left: 4px solid #d55e00; padding: .2rem .75rem; }
footer { margin-top: 3rem; color: var(--quiet); font-size: .88rem; }
)css";

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789+-.,e[] ") == std::string::npos;
}

std::string figure(const std::filesystem::path& file,
                   const std::string& alternative,
                   const std::string& caption,
                   const std::string& attributes) {
  std::string html = "<figure><img " + attributes + "alt=\"" + escape_html(alternative) +
                     "\" src=\"" + data_uri(file) + "\">";
  if (!caption.empty()) html += "<figcaption>" + escape_html(caption) + "</figcaption>";
  return html + "</figure>\n";
}

}  // namespace

std::string paragraph(const std::string& text) { return "<p>" + escape_html(text) + "</p>\n"; }

std::string command_line(const std::string& command) {
  return "<pre><code>" + escape_html(command) + "</code></pre>\n";
}

std::string html_table(const Table& table) {
  std::string html = "<div class=\"wide\"><table>\n<tr>";
  for (std::size_t k = 0; k < table.header.size(); ++k) {
    const bool numbers = !table.rows.empty() && is_number(table.rows[0][k]);
    html += (numbers ? "<th class=\"number\">" : "<th>") + escape_html(table.header[k]) + "</th>";
  }
  html += "</tr>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) {
      html += is_number(cell) ? "<td class=\"number\">" : "<td>";
      html += escape_html(cell) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string picture(const std::filesystem::path& file,
                    const std::string& alternative,
                    const std::string& caption) {
  return figure(file, alternative, caption, "");
}

std::string pixel_picture(const std::filesystem::path& file,
                          const std::string& alternative,
                          const std::string& caption) {
  return figure(file, alternative, caption, "class=\"pixels\" ");
}

std::string side_by_side(const std::vector<std::string>& elements) {
  std::string html =
      elements.size() % 3 == 0 ? "<div class=\"grid thirds\">\n" : "<div class=\"grid\">\n";
  for (const std::string& element : elements) html += element;
  return html + "</div>\n";
}

std::string plots_in(const std::filesystem::path& folder,
                     const std::string& stem,
                     std::vector<Plot> plots) {
  std::vector<std::string> pictures;
  for (std::size_t k = 0; k < plots.size(); ++k) {
    plots[k].width = 500;
    const auto file = folder / (stem + "-" + std::to_string(k + 1) + ".svg");
    write_plot(file, plots[k]);
    pictures.push_back(picture(file, plots[k].title));
  }
  return side_by_side(pictures);
}

std::string page(const std::string& title,
                 const std::string& introduction,
                 const std::vector<Section>& sections) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      escape_html(title) + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<main>\n<h1>" +
      escape_html(title) + "</h1>\n" + introduction;
  for (const Section& section : sections) {
    html += "<section>\n<h2>" + escape_html(section.title) + "</h2>\n";
    for (const std::string& failure : section.failures) {
      html += "<p class=\"failure\">A check did not hold: " + escape_html(failure) + "</p>\n";
    }
    html += section.html + "</section>\n";
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace stochflow::apps
