#pragma once

// Results of ensembles as bytes, for checkpoints and for messages between ranks: to_bytes(range)
// and range_from_bytes give back the same bits. Bytes are read on the kind of machine that wrote
// them; nothing is converted. Whoever stores them adds a checksum (ensemble/checkpoint.hpp): the
// reader refuses bytes that end too early, but cannot see that a number was changed.

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/ensemble/reduction.hpp"
#include "stochflow/ensemble/result.hpp"

namespace stochflow {

/// Appends values to a string of bytes.
class ByteWriter {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void write(T value) { raw(&value, sizeof value); }

  void write(const Moments& moments) {
    static_assert(std::is_trivially_copyable_v<Moments> &&
                  sizeof(Moments) == sizeof(std::int64_t) + 4 * sizeof(double));
    raw(&moments, sizeof moments);
  }
  void write(const FailedTrajectory& failed) {
    write(failed.trajectory);
    write(static_cast<std::int64_t>(failed.outcome.status));
    write(failed.outcome.t);
    write(failed.outcome.step);
  }
  void write(const std::vector<double>& numbers) {
    write(static_cast<std::uint64_t>(numbers.size()));
    raw(numbers.data(), numbers.size() * sizeof(double));
  }
  template <class T>
  void write(const std::vector<T>& list) {
    write(static_cast<std::uint64_t>(list.size()));
    for (const T& item : list) write(item);
  }
  void write(const QuantileSketch& sketch) {
    std::apply([this](const auto&... member) { (write(member), ...); }, sketch.members());
  }
  void write(const EnsembleResult& result) {
    // All members by name: one that is added later must not be forgotten here and in read_result.
    const auto& [times, moments, ends, noted, values, quantiles, trajectories, failures, first] =
        result;
    write(times);
    write(moments);
    write(ends);
    write(noted);
    write(values);
    write(quantiles);
    write(trajectories);
    write(failures);
    write(first);
  }

  std::string take() { return std::move(bytes_); }

 private:
  void raw(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }
  std::string bytes_;
};

/// Takes values off the front of some bytes. Throws std::runtime_error where they end too early.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T>
  void read(T& value) { raw(&value, sizeof value); }

  void read(Moments& moments) { raw(&moments, sizeof moments); }
  void read(FailedTrajectory& failed) {
    std::int64_t status = 0;
    read(failed.trajectory);
    read(status);
    failed.outcome.status = static_cast<Status>(status);
    read(failed.outcome.t);
    read(failed.outcome.step);
  }
  void read(std::vector<double>& numbers) {
    numbers.resize(length(sizeof(double)));
    raw(numbers.data(), numbers.size() * sizeof(double));
  }
  template <class T>
  void read(std::vector<T>& list) {
    list.resize(length(1));
    for (T& item : list) read(item);
  }
  void read(QuantileSketch& sketch) {
    std::apply([this](auto&... member) { (read(member), ...); }, sketch.members());
  }
  void read(EnsembleResult& result) {
    auto& [times, moments, ends, noted, values, quantiles, trajectories, failures, first] = result;
    read(times);
    read(moments);
    read(ends);
    read(noted);
    read(values);
    read(quantiles);
    read(trajectories);
    read(failures);
    read(first);
  }

  bool empty() const { return bytes_.empty(); }

 private:
  /// The length of a list whose items take at least so many bytes.
  std::size_t length(std::size_t item) {
    std::uint64_t count = 0;
    read(count);
    if (count > bytes_.size() / item) too_short();
    return static_cast<std::size_t>(count);
  }
  void raw(void* data, std::size_t size) {
    if (size > bytes_.size()) too_short();
    if (size > 0) std::memcpy(data, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  [[noreturn]] static void too_short() {
    throw std::runtime_error("the bytes of an ensemble's result end too early");
  }

  std::string_view bytes_;
};

inline void write_range(ByteWriter& out, const LeafRange<EnsembleResult>& range) {
  out.write(range.first());
  out.write(static_cast<std::uint64_t>(range.nodes().size()));
  for (const auto& node : range.nodes()) {
    out.write(static_cast<std::int64_t>(node.level));
    out.write(node.index);
    out.write(node.value);
  }
}

inline LeafRange<EnsembleResult> read_range(ByteReader& in) {
  std::int64_t first = 0, level = 0;
  std::uint64_t count = 0;
  in.read(first);
  in.read(count);
  std::vector<LeafRange<EnsembleResult>::Node> nodes;
  for (std::uint64_t k = 0; k < count; ++k) {
    auto& node = nodes.emplace_back();
    in.read(level);
    node.level = static_cast<int>(level);
    in.read(node.index);
    in.read(node.value);
  }
  return LeafRange<EnsembleResult>(first, std::move(nodes));
}

inline std::string to_bytes(const LeafRange<EnsembleResult>& range) {
  ByteWriter out;
  write_range(out, range);
  return out.take();
}

inline LeafRange<EnsembleResult> range_from_bytes(std::string_view bytes) {
  ByteReader in(bytes);
  return read_range(in);
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo): tells damaged or different bytes, not malicious ones.
inline std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 14695981039346656037u;
  for (const char byte : bytes) {
    sum = (sum ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  }
  return sum;
}

}  // namespace stochflow
