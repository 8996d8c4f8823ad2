#pragma once

// The demo's web page: sections of tables and pictures in one self-contained file, readable on a
// phone and in the dark.

#include <filesystem>
#include <string>
#include <vector>

#include "support/plot.hpp"
#include "support/table.hpp"

namespace stochflow::apps {

struct Section {
  std::string title;
  std::string html;                        // made with the functions below
  std::vector<std::string> failures = {};  // checks that did not hold, a sentence each
};

/// A paragraph of plain text.
std::string paragraph(const std::string& text);
/// The command that repeats what the section shows.
std::string command_line(const std::string& command);
std::string html_table(const Table& table);
/// A picture file, inlined. `alternative` says what it shows to those who cannot see it.
std::string picture(const std::filesystem::path& file,
                    const std::string& alternative,
                    const std::string& caption = "");
/// The same for small images whose pixels should stay sharp.
std::string pixel_picture(const std::filesystem::path& file,
                          const std::string& alternative,
                          const std::string& caption = "");
/// Elements side by side where there is room, below each other where there is not.
std::string side_by_side(const std::vector<std::string>& elements);

/// Writes each plot to folder/stem-N.svg in a size that suits phones too; returns the pictures side
/// by side.
std::string plots_in(const std::filesystem::path& folder,
                     const std::string& stem,
                     std::vector<Plot> plots);

/// The whole page.
std::string page(const std::string& title,
                 const std::string& introduction,
                 const std::vector<Section>& sections);

}  // namespace stochflow::apps
