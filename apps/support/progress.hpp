#pragma once

// How far a long computation has come, on standard error: a bar that redraws itself on a terminal,
// one plain line every few seconds otherwise (logs), nothing at all for work that is over at once.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace stochflow::apps {

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Safe to advance from several threads. The destructor ends the line, also when an exception
/// passes.
class Progress {
 public:
  /// `done` of `total` were there before: the time left is judged by what is added to them.
  Progress(std::string label, std::int64_t total, std::int64_t done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` is behind us; `note` (for example the current loss) follows the bar.
  void update(std::int64_t done, const std::string& note = "");
  void advance(std::int64_t more = 1);

 private:
  void draw(const std::string& note);

  std::string label_;
  std::int64_t total_;
  std::int64_t start_;
  std::int64_t done_;
  bool terminal_;
  bool drawn_ = false;
  double last_ = 0;  // seconds on the watch at the last drawing
  Stopwatch watch_;
  std::mutex mutex_;
};

/// For runs that report in units of their own: moves `progress`, made for 1,000 steps, through the
/// k-th of `of` equal parts.
std::function<void(std::int64_t done, std::int64_t total)> shown_by(Progress& progress,
                                                                    std::size_t k = 0,
                                                                    std::size_t of = 1);

/// "42 s", "3 min 05 s", "2 h 07 min"
std::string duration_text(double seconds);

}  // namespace stochflow::apps
