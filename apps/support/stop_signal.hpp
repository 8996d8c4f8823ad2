#pragma once

// Ends a long run politely.

#include <csignal>

namespace stochflow::apps {

/// Ctrl-C and a polite kill end the run at the next step, with its state saved.
class StopSignal {
 public:
  StopSignal() {
    raised() = 0;
    interrupt_ = std::signal(SIGINT, [](int) { raised() = 1; });
    terminate_ = std::signal(SIGTERM, [](int) { raised() = 1; });
  }
  ~StopSignal() {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGTERM, terminate_);
  }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  bool came() const { return raised() != 0; }

 private:
  static volatile std::sig_atomic_t& raised() {
    static volatile std::sig_atomic_t flag = 0;
    return flag;
  }
  void (*interrupt_)(int);
  void (*terminate_)(int);
};

}  // namespace stochflow::apps
