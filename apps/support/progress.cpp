#include "support/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace stochflow::apps {

std::string duration_text(double seconds) {
  const auto total = static_cast<long>(std::max(0.0, seconds) + 0.5);
  char text[64];
  if (total < 60) {
    std::snprintf(text, sizeof text, "%ld s", total);
  } else if (total < 3600) {
    std::snprintf(text, sizeof text, "%ld min %02ld s", total / 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld h %02ld min", total / 3600, total / 60 % 60);
  }
  return text;
}

Progress::Progress(std::string label, std::int64_t total, std::int64_t done)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(total, 1)),
      start_(std::min(done, total_)),
      done_(start_),
      terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (drawn_ && terminal_) std::fputc('\n', stderr);
}

void Progress::update(std::int64_t done, const std::string& note) {
  const std::scoped_lock lock(mutex_);
  done_ = std::min(done, total_);
  draw(note);
}

void Progress::advance(std::int64_t more) {
  const std::scoped_lock lock(mutex_);
  done_ = std::min(done_ + more, total_);
  draw("");
}

void Progress::draw(const std::string& note) {
  const double now = watch_.seconds();
  const bool finished = done_ == total_;
  // In a log one line for each tenth of the time so far is enough.
  const double pause = terminal_ ? 0.1 : std::max(10.0, 0.1 * now);
  if (now - last_ < pause && !(finished && (drawn_ || terminal_))) return;
  last_ = now;
  drawn_ = true;

  const double fraction = static_cast<double>(done_) / static_cast<double>(total_);
  const double share = static_cast<double>(done_ - start_) / static_cast<double>(total_ - start_);
  const std::string remaining = finished    ? duration_text(now)
                                : share > 0 ? duration_text(now * (1 - share) / share) + " left"
                                            : "";
  const int percent = static_cast<int>(100 * fraction);
  if (terminal_) {
    constexpr int width = 24;
    const int filled = static_cast<int>(width * fraction);
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.resize(width, '.');
    std::fprintf(stderr,
                 "\r\033[K%s [%s] %3d%% %s %s",
                 label_.c_str(),
                 bar.c_str(),
                 percent,
                 remaining.c_str(),
                 note.c_str());
  } else {
    std::fprintf(
        stderr, "%s %d%% %s %s\n", label_.c_str(), percent, remaining.c_str(), note.c_str());
  }
  std::fflush(stderr);
}

std::function<void(std::int64_t, std::int64_t)> shown_by(Progress& progress,
                                                         std::size_t k,
                                                         std::size_t of) {
  return [&progress, k, of](std::int64_t done, std::int64_t total) {
    const double part =
        static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(total, 1));
    progress.update(static_cast<std::int64_t>(1000 * (static_cast<double>(k) + part) /
                                              static_cast<double>(of)));
  };
}

}  // namespace stochflow::apps
