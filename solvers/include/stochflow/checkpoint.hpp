#pragma once

// A run in the middle, as a value: everything that decides about the rest of it apart from the
// problem, the method's and the controller's own numbers, and the grid, which the caller keeps. The
// noise needs two numbers only, since it is a function of (seed, trajectory, time). `to_text` and
// `checkpoint_from_text` keep every bit (hexadecimal numbers, no locale). Made and used by
// resume.hpp.

#include <bit>
#include <charconv>
#include <cstdint>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/noise/discrete.hpp"

namespace stochflow {

struct Checkpoint {
  std::string kind;    // "grid" or "adaptive"
  std::string method;  // its facts' name
  std::uint64_t seed = 0;
  std::uint64_t trajectory = 0;
  std::int64_t step = 0;      // steps accepted so far
  std::int64_t rejected = 0;  // and rejected
  double t = 0;
  double t0 = 0, t1 = 0;                // of the whole run
  std::uint64_t grid = 0;               // fingerprint of the grid
  std::vector<double> state = {};       // the components of x
  std::vector<double> memory = {};      // of the method
  std::int64_t tick = 0;                // adaptive: t in ticks of the interval
  double wanted = 0;                    // adaptive: ticks wanted next
  std::vector<double> controller = {};  // adaptive: the controller's memory
  /// Adaptive: ends of rejected steps that must be visited, in ticks, the nearest last.
  std::vector<std::int64_t> looked_at = {};

  bool operator==(const Checkpoint&) const = default;

  /// Calls visit(name, field) for every field, in the order of the text.
  template <class Self, class Visit>
  static void each(Self& c, const Visit& visit) {
    visit("kind", c.kind);
    visit("method", c.method);
    visit("seed", c.seed);
    visit("trajectory", c.trajectory);
    visit("step", c.step);
    visit("rejected", c.rejected);
    visit("t", c.t);
    visit("t0", c.t0);
    visit("t1", c.t1);
    visit("grid", c.grid);
    visit("state", c.state);
    visit("memory", c.memory);
    visit("tick", c.tick);
    visit("wanted", c.wanted);
    visit("controller", c.controller);
    visit("looked_at", c.looked_at);
  }
};

namespace detail {

inline constexpr std::string_view checkpoint_title = "stochflow checkpoint 1";

template <class T>
void write_value(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    out += ' ';
    out += value;
  } else if constexpr (std::is_arithmetic_v<T>) {
    char buffer[64];
    std::to_chars_result written;
    if constexpr (std::is_floating_point_v<T>) {
      written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::hex);
    } else {
      written = std::to_chars(buffer, buffer + sizeof buffer, value);
    }
    out += ' ';
    out.append(buffer, written.ptr);
  } else {
    for (const auto& element : value) write_value(out, element);
  }
}

[[noreturn]] inline void refuse_checkpoint(const std::string& found, const std::string& expected) {
  throw std::invalid_argument("checkpoint: found '" + found + "', but expected " + expected +
                              ": the text was cut off or is not a checkpoint of this version");
}

template <class T>
T read_number(const std::string& word, std::string_view name) {
  T value{};
  std::from_chars_result read;
  if constexpr (std::is_floating_point_v<T>) {
    read = std::from_chars(word.data(), word.data() + word.size(), value, std::chars_format::hex);
  } else {
    read = std::from_chars(word.data(), word.data() + word.size(), value);
  }
  if (read.ec != std::errc{} || read.ptr != word.data() + word.size()) {
    refuse_checkpoint(word, "a number for '" + std::string(name) + "'");
  }
  return value;
}

template <class T>
void read_value(const std::vector<std::string>& words, std::string_view name, T& value) {
  if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
    if (words.size() != 1) {
      refuse_checkpoint(std::to_string(words.size()) + " words",
                        "one word for '" + std::string(name) + "'");
    }
    if constexpr (std::is_same_v<T, std::string>) {
      value = words[0];
    } else {
      value = read_number<T>(words[0], name);
    }
  } else {
    value.clear();
    for (const std::string& word : words) {
      value.push_back(read_number<typename T::value_type>(word, name));
    }
  }
}

/// A number that differs between grids that differ in a single bit (FNV-1a of their bytes).
inline std::uint64_t fingerprint(std::span<const double> grid) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const double t : grid) {
    const auto bits = std::bit_cast<std::uint64_t>(t);
    for (int byte = 0; byte < 8; ++byte) {
      hash = (hash ^ (bits >> (8 * byte) & 0xff)) * 0x100000001b3;
    }
  }
  return hash;
}

/// The numbers of a state, a matrix or a number.
template <class Part>
auto numbers_of(Part& part) {
  return elements(part);
}

/// The numbers of a memory, one after the other.
template <class Memory>
std::vector<double> flatten(Memory memory) {
  std::vector<double> all;
  memory.each([&](auto& part) {
    for (const auto number : numbers_of(part)) all.push_back(static_cast<double>(number));
  });
  return all;
}

/// Puts the numbers back into a memory of the same shape.
template <class Memory>
void unflatten(Memory& memory, const std::vector<double>& all, const char* what) {
  std::size_t next = 0;
  memory.each([&](auto& part) {
    for (auto& number : numbers_of(part)) {
      if (next < all.size()) number = static_cast<std::decay_t<decltype(number)>>(all[next]);
      ++next;
    }
  });
  if (next != all.size()) {
    std::ostringstream text;
    text << "resume: the checkpoint has " << all.size() << " numbers of " << what
         << ", but this run has " << next
         << ": resume with the problem, method and controller that "
         << "it was made with";
    throw std::invalid_argument(text.str());
  }
}

}  // namespace detail

/// One line a field: its name and its values.
inline std::string to_text(const Checkpoint& checkpoint) {
  std::string out(detail::checkpoint_title);
  out += '\n';
  Checkpoint::each(checkpoint, [&](const char* name, const auto& value) {
    out += name;
    detail::write_value(out, value);
    out += '\n';
  });
  return out + "end\n";
}

/// The inverse. Throws std::invalid_argument for anything that to_text did not write.
inline Checkpoint checkpoint_from_text(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  if (line != detail::checkpoint_title) {
    detail::refuse_checkpoint(line, "'" + std::string(detail::checkpoint_title) + "'");
  }
  Checkpoint checkpoint;
  Checkpoint::each(checkpoint, [&](const char* name, auto& value) {
    std::string found;
    std::getline(lines, line);
    std::istringstream words(line);
    words >> found;
    if (found != name) detail::refuse_checkpoint(found, "the line '" + std::string(name) + "'");
    std::vector<std::string> values;
    for (std::string word; words >> word;) values.push_back(word);
    detail::read_value(values, name, value);
  });
  if (!std::getline(lines, line) || line != "end") detail::refuse_checkpoint(line, "'end'");
  return checkpoint;
}

}  // namespace stochflow
